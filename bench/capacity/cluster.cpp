#include "capacity/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace sluice::capacity {
namespace {

enum class Kind : std::uint8_t { init, append, finalize, status };

struct Upload {
    std::size_t owner = 0;   // by whose hash the database and the prefix are chosen
    std::vector<Kind> left;  // backwards
    int attempts = 0;
    bool is_resumed = false;
};

struct Node {
    Station cpu;
    Station wire;
    std::size_t running = 0;
};

struct Database {
    Station cpu;
    Station flush;
};

class Cluster {
  public:
    Cluster(const Scenario& scenario, const Demands& demands, const Constants& constants)
        : scenario_(scenario), demands_(demands), with_(constants), simulator_(scenario.seed) {
        for (std::size_t i = 0; i < scenario.nodes; ++i) {
            nodes_.push_back(std::make_unique<Node>(
                Station(simulator_, {.servers = with_.node_cores}), Station(simulator_, {})
            ));
        }
        const auto queue = static_cast<std::size_t>(
            5.0 * static_cast<double>(with_.database_cores) / with_.database_commit
        );  // nobody waits longer than 5 s for a connection (ADR 12)
        for (std::size_t i = 0; i < scenario.databases; ++i) {
            databases_.push_back(std::make_unique<Database>(
                Station(simulator_, {.servers = with_.database_cores, .queue_max = queue}),
                Station(simulator_, {.batch = with_.flush_batch})
            ));
        }
        const auto a_second = static_cast<std::size_t>(with_.puts_each_prefix);
        for (std::size_t i = 0; i < scenario.prefixes; ++i) {
            prefixes_.push_back(
                std::make_unique<Station>(simulator_, StationSetup{.queue_max = a_second})
            );
        }
        live_ = scenario.nodes;
    }

    Outcome run() {
        if (scenario_.uploads_each_second > 0) {
            arrive();
        }
        for (std::size_t i = 0; i < scenario_.herd; ++i) {
            simulator_.after(scenario_.herd_seconds * simulator_.uniform(), [this] {
                begin({Kind::finalize, Kind::append, Kind::status}, true);
            });
        }
        if (scenario_.zone_lost_at >= 0) {
            simulator_.after(scenario_.zone_lost_at, [this] { live_ = live_ * 2 / 3; });
        }
        simulator_.run(scenario_.seconds);
        measure();
        if (scenario_.herd > 0) {
            simulator_.run(1e6);
        }
        std::ranges::sort(outcome_.resumed_at);
        return std::move(outcome_);
    }

  private:
    using Call = std::shared_ptr<Upload>;

    void arrive() {
        std::vector<Kind> calls{Kind::status, Kind::finalize};
        calls.insert(calls.end(), segments_each, Kind::append);
        calls.push_back(Kind::init);
        begin(std::move(calls), false);
        simulator_.after(simulator_.exponential(1 / scenario_.uploads_each_second), [this] {
            arrive();
        });
    }

    void begin(std::vector<Kind> calls, bool is_resumed) {
        const auto owner = static_cast<std::size_t>(simulator_.uniform() * 1e9);
        ask(std::make_shared<Upload>(Upload{owner, std::move(calls), 0, is_resumed}));
    }

    const StoreCalls& demand_of(const Upload& upload) const {
        switch (upload.left.back()) {
            case Kind::init:
                return demands_.init;
            case Kind::append:
                return demands_.append;
            case Kind::finalize:
                return demands_.finalize;
            case Kind::status:
                break;
        }
        return upload.left.size() > 1 ? demands_.status_open : demands_.status_queued;
    }

    // One call on any node that is there; no call knows where the one before it was.
    void ask(Call call) {
        const auto at = static_cast<std::size_t>(simulator_.uniform() * static_cast<double>(live_));
        Node& node = *nodes_[at];
        if (node.running >= with_.node_calls_max) {
            refused(std::move(call));
            return;
        }
        ++node.running;
        const double began = simulator_.now();
        const auto bytes = static_cast<double>(demand_of(*call).bytes_put);
        auto ended = [this, call, at, began](bool is_served) {
            --nodes_[at]->running;
            is_served&& at < live_ ? answered(call, began) : refused(call);
        };
        node.cpu.visit(
            with_.node_call + bytes * with_.node_byte,
            [this, call, &node, bytes, ended](bool) {
                node.wire.visit(bytes / with_.node_wire, [this, call, ended](bool) {
                    objects(call, ended);
                });
            }
        );
    }

    void objects(const Call& call, const Simulator::Then& ended) {
        const StoreCalls& demand = demand_of(*call);
        const std::uint64_t requests = demand.puts + demand.gets;
        if (requests == 0) {
            rows(call, ended);
            return;
        }
        double journey = 0;
        for (std::uint64_t i = 0; i < requests; ++i) {
            const double normal = std::sqrt(-2 * std::log(1 - simulator_.uniform())) *
                                  std::cos(6.283185307179586 * simulator_.uniform());
            journey += with_.object_median * std::exp(with_.object_sigma * normal);
        }
        auto then = [this, call, ended, journey](bool is_served) {
            if (!is_served) {
                ended(false);
                return;
            }
            simulator_.after(journey, [this, call, ended] { rows(call, ended); });
        };
        if (demand.puts == 0) {
            then(true);
            return;
        }
        prefixes_[call->owner % prefixes_.size()]->visit(
            static_cast<double>(demand.puts) / with_.puts_each_prefix, then
        );
    }

    void rows(const Call& call, const Simulator::Then& ended) {
        const StoreCalls& demand = demand_of(*call);
        Database& database = *databases_[call->owner % databases_.size()];
        const double cpu = static_cast<double>(demand.reads) * with_.database_read +
                           static_cast<double>(demand.commits) * with_.database_commit;
        const bool is_change = demand.commits > 0;
        database.cpu.visit(cpu, [this, &database, is_change, ended](bool is_served) {
            if (!is_served || !is_change) {
                ended(is_served);
                return;
            }
            database.flush.visit(with_.flush, ended);
        });
    }

    void answered(const Call& call, double began) {
        Window& window = window_of_now();
        ++window.calls;
        const double took = simulator_.now() - began;
        if (call->left.back() == Kind::append) {
            window.append_seconds.push_back(took);
        } else if (call->left.back() == Kind::status) {
            window.status_seconds.push_back(took);
        }
        call->left.pop_back();
        call->attempts = 0;
        if (!call->left.empty()) {
            ask(call);
            return;
        }
        ++window.uploads;
        if (call->is_resumed) {
            outcome_.resumed_at.push_back(simulator_.now());
        }
    }

    // 503 with Retry-After: 1, or nothing at all: the client comes back, each time later.
    void refused(const Call& call) {
        ++window_of_now().refused;
        if (++call->attempts >= with_.attempts_max) {
            ++outcome_.given_up;
            return;
        }
        const double pause = std::exp2(call->attempts - 1) * (1 + simulator_.uniform());
        simulator_.after(pause, [this, call] { ask(call); });
    }

    Window& window_of_now() {
        const auto number = static_cast<std::size_t>(simulator_.now() / window_seconds);
        if (outcome_.windows.size() <= number) {
            outcome_.windows.resize(number + 1);
        }
        return outcome_.windows[number];
    }

    void measure() {
        const double time = scenario_.seconds;
        for (const auto& node : nodes_) {
            const auto cores = static_cast<double>(with_.node_cores);
            outcome_.node_cpu =
                std::max(outcome_.node_cpu, node->cpu.busy_seconds() / time / cores);
            outcome_.node_wire = std::max(outcome_.node_wire, node->wire.busy_seconds() / time);
        }
        for (const auto& database : databases_) {
            const auto cores = static_cast<double>(with_.database_cores);
            outcome_.database_cpu =
                std::max(outcome_.database_cpu, database->cpu.busy_seconds() / time / cores);
        }
        for (const auto& prefix : prefixes_) {
            outcome_.prefix = std::max(outcome_.prefix, prefix->busy_seconds() / time);
        }
    }

    const Scenario scenario_;
    const Demands demands_;
    const Constants with_;
    Simulator simulator_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::unique_ptr<Database>> databases_;
    std::vector<std::unique_ptr<Station>> prefixes_;
    std::size_t live_ = 0;
    Outcome outcome_;
};

}  // namespace

Outcome simulate(const Scenario& scenario, const Demands& demands, const Constants& constants) {
    return Cluster(scenario, demands, constants).run();
}

// In the steady state; Little's law. Beats say how far a job is, each of them a commit.
Films films_of(double uploads_each_second, const Demands& demands, const Constants& constants) {
    const double job_seconds = constants.encode / constants.job_cores;
    const double beats = job_seconds / constants.beat_pause;
    const auto of_a_job = [&](std::uint64_t StoreCalls::* what) {
        return static_cast<double>(demands.claim.*what) +
               beats * static_cast<double>(demands.beat.*what) +
               static_cast<double>(demands.done.*what);
    };
    const double cpu = of_a_job(&StoreCalls::reads) * constants.database_read +
                       of_a_job(&StoreCalls::commits) * constants.database_commit;
    return {
        .cores = uploads_each_second * constants.encode,
        .running = uploads_each_second * job_seconds,
        .commits = uploads_each_second * of_a_job(&StoreCalls::commits),
        .database_share = uploads_each_second * cpu / static_cast<double>(constants.database_cores),
    };
}

double percentile(std::vector<double> values, double share) {
    if (values.empty()) {
        return 0;
    }
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, values.begin() + at);
    return values[static_cast<std::size_t>(at)];
}

}  // namespace sluice::capacity
