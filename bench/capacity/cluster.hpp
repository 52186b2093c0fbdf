// Many nodes over PostgreSQL and S3, as stations (queueing.hpp) that the recorded demands (demands.hpp)
// pass. Used by main.cpp. Times are seconds. Every constant has its source in docs/capacity.md.
#pragma once

#include <string>
#include <vector>

#include "capacity/demands.hpp"
#include "capacity/queueing.hpp"

namespace sluice::capacity {

inline constexpr std::uint16_t segments_each = 4;
inline constexpr std::uint64_t segment_bytes = 4 << 20;

struct Constants {
    std::size_t node_cores = 4;
    double node_call = 443e-6;            // CPU of a call without its bytes
    double node_byte = 1.42 / (1 << 30);  // CPU of a byte, in and out again
    double node_wire = 1.25e9;            // bytes a second, each way
    std::size_t node_calls_max = 8192;    // in work, then 503
    std::size_t database_cores = 16;
    double database_read = 50e-6;     // CPU of a read
    double database_commit = 793e-6;  // CPU of a change
    double flush = 3.6e-3;            // of the log; commits that wait share the next one
    std::size_t flush_batch = 1000;
    double object_median = 25e-3;  // of a request to S3, log-normal
    double object_sigma = 0.5;
    double puts_each_prefix = 3500;  // a second
    int attempts_max = 6;            // of a client, with doubling pauses from 1 s on
    double encode = 20;              // CPU of 10 s of 1080p as an HLS ladder
    double job_cores = 4;            // of a worker, for one of them
    double beat_pause = 0.9;         // between the heartbeats of a job
};

// What films cost beside their uploads: cores of workers, and what their jobs ask of the database.
struct Films {
    double cores = 0;
    double running = 0;         // jobs at a time
    double commits = 0;         // of their jobs, a second
    double database_share = 0;  // of the cores of one
};
Films films_of(double uploads_each_second, const Demands& demands, const Constants& constants);

struct Scenario {
    std::string name;
    std::size_t nodes = 10;
    double uploads_each_second = 0;  // new ones, all nodes together
    double seconds = 5;              // how long they come
    std::size_t databases = 1;
    std::size_t prefixes = 1;
    double zone_lost_at = -1;  // a third of the nodes; negative: never
    std::size_t herd = 0;      // interrupted uploads that come back within herd_seconds
    double herd_seconds = 10;
    std::uint64_t seed = 1;
};

struct Window {
    std::uint64_t uploads = 0;
    std::uint64_t calls = 0;
    std::uint64_t refused = 0;  // 503 or a node that went
    std::vector<double> append_seconds;
    std::vector<double> status_seconds;
};

struct Outcome {
    std::vector<Window> windows;  // of window_seconds each
    std::uint64_t given_up = 0;
    std::vector<double> resumed_at;  // of the herd, sorted
    double node_cpu = 0;             // share of the time of arrivals that it was busy
    double node_wire = 0;
    double database_cpu = 0;
    double prefix = 0;
};
inline constexpr double window_seconds = 1;

Outcome simulate(const Scenario& scenario, const Demands& demands, const Constants& constants);
double percentile(std::vector<double> values, double share);  // 0 of nothing

}  // namespace sluice::capacity
