// A discrete-event simulator of queueing stations: seeded, no threads, no clock of the wall. A call
// visits stations in order; a station serves `servers` at once, each round of a server taking up to
// `batch` callers together (a flush that many commits share), and refuses whom it has no room for.
// Times are seconds. The same seed gives the same history.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace sluice::capacity {

class Simulator {
  public:
    using Then = std::function<void(bool served)>;

    explicit Simulator(std::uint64_t seed) : random_(seed) {}

    double now() const { return now_; }
    void after(double delay, std::function<void()> act) {
        events_.push({now_ + delay, next_++, std::move(act)});
    }
    // Until nothing is left, or the time is over.
    void run(double until);
    double uniform() { return std::uniform_real_distribution<>(0.0, 1.0)(random_); }
    double exponential(double mean) { return std::exponential_distribution<>(1.0 / mean)(random_); }

  private:
    struct Event {
        double at;
        std::uint64_t number;  // of those at the same time the older one first
        std::function<void()> act;
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    double now_ = 0;
    std::uint64_t next_ = 0;
    std::mt19937_64 random_;
    std::priority_queue<Event> events_;
};

struct StationSetup {
    std::size_t servers = 1;
    std::size_t batch = 1;
    std::size_t queue_max = SIZE_MAX;
};

class Station {
  public:
    Station(Simulator& simulator, StationSetup setup) : simulator_(simulator), setup_(setup) {}
    // A batch takes as long as its longest; then(true), or then(false) at once if there is no room.
    void visit(double seconds, Simulator::Then then);
    double busy_seconds() const { return busy_; }  // of all servers together

  private:
    struct Caller {
        double seconds;
        Simulator::Then then;
    };
    void serve();
    Simulator& simulator_;
    StationSetup setup_;
    std::deque<Caller> waiting_;
    std::size_t serving_ = 0;
    double busy_ = 0;
};

}  // namespace sluice::capacity
