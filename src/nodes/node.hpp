// Node: this process among those that share a database and a storage. It has a number (the shard of its
// ids), says every two seconds that it lives, goes by the database's clock, and carries hints to and
// from the others; as Peers it stands for them. Everything that must hold holds without it: it makes
// things quick, and says what is in no store. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/corrected_clock.hpp"
#include "base/metrics.hpp"
#include "media/cost_model.hpp"
#include "nodes/hint_line.hpp"
#include "nodes/id_clock.hpp"
#include "nodes/questions.hpp"
#include "service/live_events.hpp"
#include "service/peers.hpp"
#include "service/queue_time.hpp"
#include "service/rate_limiter.hpp"
#include "service/stream_leases.hpp"
#include "store/postgres/postgres_node_store.hpp"

namespace sluice {

struct NodeSettings {
    std::string url;   // of the database
    std::string name;  // of the data directory: the same after a restart
    std::string role;
    LaneSlots slots{.quick = 0, .film = 0};  // of its workers
    std::chrono::milliseconds beat{2000};
    // How long calls that were admitted wait to be told to the others; of those that are near their
    // limit, the shorter one.
    std::chrono::milliseconds rates_pause{20};
};

class Node final : public Peers {
  public:
    // Gets its number. The errors of PostgresNodeStore::join().
    static Result<std::unique_ptr<Node>> join(
        std::shared_ptr<PostgresDatabase> database, NodeSettings settings
    );
    // What it learned when it joined.
    struct Place {
        std::uint64_t number = 0;
        std::uint64_t incarnation = 0;
        WallTime machine_started;  // by the database's clock
        WallTime ids_from;         // and until when: of its ids
        WallTime ids_until;
    };
    Node(std::shared_ptr<PostgresDatabase> database, NodeSettings settings, const Place& place);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() override;  // stops

    // What it speaks for, all of which outlives start() to stop().
    struct Parts {
        CorrectedClock* clock = nullptr;
        IdClock* ids = nullptr;
        StreamLeases* leases = nullptr;
        const InFlight* in_flight = nullptr;
        LiveEvents* live = nullptr;
        SpeedLearner* speed = nullptr;
        MemoryRateLimiter* rates = nullptr;
        std::function<void()> wake;           // there may be a job
        std::function<void(MediaId)> cancel;  // the job of this upload is to stop
        std::function<void()> was_replaced;   // another process has the number of this node
    };
    void start(Parts parts);
    void stop();

    // As the database's clock was when it joined; from start() on it is measured again and again.
    void correct(CorrectedClock& clock) const { clock.count_from(place_.machine_started); }
    // The time from which it makes ids: later than all that a process with its number was granted.
    WallTime ids_from() const { return place_.ids_from; }

    std::uint64_t number() const { return number_; }
    const std::string& role() const { return settings_.role; }
    std::string holder() const { return "node-" + std::to_string(number_); }
    // Of all nodes that live.
    LaneSlots slots() const;
    std::size_t live_nodes() const;
    // The one that does what one of all should do: the lowest number that lives. Sometimes two think so.
    bool is_first() const;
    void add_metrics(Metrics& metrics);

    void tell_job_added() override { say({.kind = HintKind::job_added}); }
    void tell_cancelled(MediaId id) override { say({.kind = HintKind::job_cancelled, .id = id}); }
    void tell_event(const LiveEvent& event);
    Result<std::uint64_t> take_stream(MediaId id) override;
    void tell_stream_over(MediaId id) override { say({.kind = HintKind::stream_taken, .id = id}); }
    void settle_stream(MediaId id, std::chrono::milliseconds patience) override;
    RunningAppends running_appends(MediaId id, std::chrono::milliseconds patience) override;

  private:
    struct Threads;
    // Bytes that a request of ours was asked to store, and who asked.
    struct Settling {
        std::shared_ptr<const StreamLease> lease;
        std::uint64_t question = 0;
        std::uint64_t asker = 0;
        std::chrono::steady_clock::time_point ends;
    };

    void say(const Hint& hint);
    void hear(const Hint& hint);
    void answer(const Hint& question, RunningAppends running);
    RunningAppends running_here(MediaId id) const;
    void settle(const Hint& question);
    bool look_at_settling();
    void missed();
    NodeFacts facts() const;
    void upkeep();
    void beat();
    void extend_ids(WallTime now);
    void end_if_replaced(const Error& error);
    bool is_alive(std::uint64_t node) const;
    std::size_t others() const;

    const NodeSettings settings_;
    const std::uint64_t number_;
    const std::uint64_t incarnation_;
    const Place place_;
    PostgresNodeStore store_;
    HintLine line_;
    Questions questions_;
    Parts parts_;
    std::vector<Settling> settling_;  // the thread's of the line alone
    WallTime ids_until_;              // the thread's of the upkeep alone, once that runs
    std::atomic<bool> is_stopping_ = false;
    std::atomic<bool> is_replaced_ = false;
    std::atomic<bool> is_beat_due_ = false;
    mutable std::mutex mutex_;  // guards alive_
    std::vector<NodeRow> alive_;
    std::unique_ptr<Threads> threads_;
};

}  // namespace sluice
