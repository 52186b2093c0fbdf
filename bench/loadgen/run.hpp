// What the modes share: the connections' surroundings, what was counted, and the result.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loadgen/content.hpp"
#include "loadgen/histogram.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/process_usage.hpp"
#include "loadgen/protocol.hpp"

namespace sluice::bench {

struct Counts {
    std::uint64_t bytes = 0;                   // acknowledged
    std::uint64_t uploads = 0;                 // finished
    std::uint64_t requests = 0;                // answered as they should be
    std::uint64_t sheds = 0;                   // 503, tried again
    std::uint64_t verified = 0;                // bytes that came back right
    std::map<std::string, Histogram> latency;  // by the kind of call
    std::map<std::string, std::uint64_t> errors;
};

struct Run {
    explicit Run(const Options& given)
        : options(given), content(given.region, given.stencil), protocol(make_protocol(given)) {}

    // Asks and notes how long it took. The answer to what broke has the status 0.
    Task<Answer> ask(Connection& connection, const Request& request, std::string kind);
    // The same, until it is no longer 503: after the time that Retry-After says.
    Task<Answer> ask_until_taken(Connection& connection, const Request& request, std::string kind);
    void note_error(const std::string& kind, const Answer& answer);
    // A new one. It lives as long as the run: epoll may still speak of a connection that is closed.
    Connection& connection() {
        return *connections.emplace_back(std::make_unique<Connection>(loop, options.target, content)
        );
    }
    Clock::time_point deadline() const;

    const Options& options;
    Loop loop;
    Content content;
    std::unique_ptr<Protocol> protocol;
    Counts counts;
    std::vector<std::unique_ptr<Connection>> connections;
    Clock::time_point began = Clock::now();
};

// Called once a run's own setting up is over, and at its end.
struct Measured {
    Usage before;
    Usage after;
    double seconds = 0;
    std::map<std::string, double> more;  // figures of one mode
};

// The modes. False: the run did not do what it was told to.
bool run_upload(Run& run, Measured& measured);
bool run_status(Run& run, Measured& measured);
bool run_hold(Run& run, Measured& measured);

// Gets what the uploads were told to be and compares it.
Task<> verify_uploads(Run& run, const std::vector<Upload>& uploads);

std::string result_json(const Run& run, const Measured& measured);

}  // namespace sluice::bench
