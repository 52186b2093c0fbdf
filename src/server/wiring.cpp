#include "server/wiring.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "http/listener.hpp"
#include "media/cost_model.hpp"
#include "processing/decoder_versions.hpp"
#include "processing/worker_pool.hpp"
#include "protocol/common/authenticator.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/recorder.hpp"
#include "protocol/common/url_signer.hpp"
#include "protocol/common/work_classes.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/run_blocking.hpp"
#include "runtime/stop_signals.hpp"
#include "runtime/task_group.hpp"
#include "server/blob_engine.hpp"
#include "server/body_ways.hpp"
#include "server/derived_settings.hpp"
#include "server/dev_door.hpp"
#include "server/greeting.hpp"
#include "server/limit_settings.hpp"
#include "server/opened_parts.hpp"
#include "server/operations.hpp"
#include "server/pools.hpp"
#include "server/process_metrics.hpp"
#include "server/router.hpp"
#include "server/sandbox_gate.hpp"
#include "server/stores.hpp"
#include "server/sweeper.hpp"
#include "server/system_endpoint.hpp"
#include "service/doubts.hpp"
#include "service/jobs.hpp"
#include "service/keys.hpp"
#include "service/media_use.hpp"
#include "service/polling.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "store/disk/run_mark.hpp"
#include "store/hot/watched_metadata_store.hpp"

namespace sluice::server {
namespace {

constexpr std::chrono::seconds drain_time{30}, sweep_pause{10};
constexpr std::chrono::seconds flush_pause{1}, trim_pause{2};
constexpr std::chrono::hours orphan_age{1};
constexpr std::chrono::minutes dead_packs_pause{10}, bucket_pause{30};
// Ids of keys; `sluice keys` makes its own beside a running server.
constexpr std::uint16_t key_shard = 1;

// The parts in the order in which they need each other; destroyed the other way round.
class Server {
  public:
    Server(const Settings& settings, OpenedParts parts, RunMark& mark)
        : settings_(settings),
          connection_limits_(connection_limits(settings)),
          mark_(mark),
          parts_(std::move(parts).with_clock(clock_)),
          ids_(id_clock_, shard(0)),
          faults_(metrics_),
          jobs_(
              metadata_, *blobs_.store, clock_, ids_, job_settings(settings), &faults_, &timeline_
          ),
          workers_(pool_settings(settings, holder()), jobs_, speed_, metrics_),
          uploads_(services(), settings.limits),
          rates_(rate_limits(settings)),
          recorder_(inspector_mode(settings)),
          polling_(settings.polling),
          url_signer_(parts_.box.derived_key("signed urls"), clock_),
          sessions_(parts_.box.derived_key("console sessions"), clock_, parts_.operator_word()),
          keys_(*stores_.keys, parts_.box, clock_, key_ids_),
          authenticator_(
              auth_mode(settings),
              keys_,
              pools_.reads,
              pools_.control,
              pools_.bulk,
              settings.failed_logins,
              &sessions_
          ),
          classes_(work_bounds(settings, connection_limits_), metrics_),
          context_{
              .uploads = uploads_,
              .annotations = annotations_,
              .media_use = media_use_,
              .reads = pools_.reads,
              .pool = pools_.control,
              .bulk = pools_.bulk,
              .buffers = buffers_,
              .fidelity = fidelity(settings),
              .streams = &streams_,
              .timeline = &timeline_,
              .polling = &polling_,
              .dev = &dev_environment_,
              .rates = &rates_,
              .faults = settings.needs_keys ? nullptr : &faults_,
              .url_signer = settings.needs_keys ? &url_signer_ : nullptr,
              .recorder = &recorder_,
              .live = &live_,
              .classes = &classes_,
              .rufh = settings.rufh,
              .append_bytes_max = settings.append_bytes_max,
              .cors_origins = settings.cors_origins,
              .redirects_to_storage = settings.redirects_to_storage
          },
          operations_(metrics_, metadata_, pools_.reads),
          system_(settings_, connection_limits_.connections_max, clock_.now()),
          router_(
              context_,
              authenticator_,
              keys_,
              operations_,
              system_,
              settings.needs_keys ? &sessions_ : nullptr,
              settings.names,
              settings.proxies,
              settings.runs_api
          ),
          loops_(runtime::usable_processors()),
          listener_(loops_, router_, metrics_, clock_, connection_limits_),
          dev_door_(loops_, listener_) {
        add_process_metrics(metrics_, metadata_, *blobs_.store);
        stores_.add_metrics(metrics_);
        blobs_.add_metrics(metrics_);
        if (node_ != nullptr) {
            node_->add_metrics(metrics_);
            live_.forward_by([this](const LiveEvent& event) { node_->tell_event(event); });
            operations_.set_node(node_->role(), node_->number());
        }
        for (FaultRule rule : settings.faults) {
            rule.seed = settings.fault_seed;
            faults_.add(std::move(rule));
        }
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() { stop_node(); }

    int run() {
        runtime::StopSignals signals;
        start_node();
        if (auto recovered = recover(); !recovered) {
            return fail("the data directory cannot be used", recovered.error());
        }
        if (auto opened = open_doors(); !opened) {
            return fail("cannot listen", opened.error());
        }
        if (settings_.runs_workers) {
            if (auto passed = pass_sandbox_gate(workers_.settings(), metrics_); !passed) {
                return fail("no sandbox", passed.error());
            }
            if (auto versions = decoder_versions(workers_.settings().worker_path)) {
                system_.set_decoders(*std::move(versions));
            }
            operations_.set_sandbox(settings_.sandbox ? "on" : "off");
            system_.set_sandbox(settings_.sandbox ? "on" : "off");
            if (auto started = workers_.start(); !started) {
                return fail("cannot start the workers", started.error());
            }
        }
        system_.set_storage(prepare_body_ways(blobs_, loops_, buffers_));
        background_.spawn(
            loops_.executor(0), sweep_forever(&uploads_, &pools_.background, sweep_pause)
        );
        background_.spawn(
            loops_.executor(0), flush_forever(&timeline_, &pools_.background, flush_pause)
        );
        background_.spawn(loops_.executor(0), check_doubted(&doubts_, &pools_.background));
        background_.spawn(
            loops_.executor(0),
            keep_ballast(parts_.ballast, &metadata_, &pools_.background, sweep_pause)
        );
        background_.spawn(
            loops_.executor(0),
            sweep_blobs_forever(
                {&blobs_,
                 &metadata_,
                 &clock_,
                 std::chrono::hours(node_ != nullptr ? 24 : 1),
                 [this] { return node_ == nullptr || node_->is_first(); },
                 [this] { return operations_.is_draining(); }},
                &pools_.background,
                blobs_.is_elsewhere() ? bucket_pause : dead_packs_pause
            )
        );
        background_.spawn(loops_.executor(0), trim_forever(&pools_.background, trim_pause));
        loops_.start();
        announce();
        const int signal = signals.wait();
        log::info("stopping", "stop asked for", {{"signal", signal}});
        stop();
        return 0;
    }

  private:
    std::uint16_t shard(std::uint16_t of_one_alone) const {
        return node_ == nullptr ? of_one_alone : static_cast<std::uint16_t>(node_->number());
    }
    std::string holder() const { return node_ == nullptr ? job_holder : node_->holder(); }

    void start_node() {
        if (node_ == nullptr) {
            return;
        }
        node_->start({
            .clock = &clock_,
            .ids = &id_clock_,
            .leases = &streams_.leases(),
            .in_flight = &uploads_.appends_running(),
            .live = &live_,
            .speed = &speed_,
            .rates = &rates_,
            .wake = [this] { workers_.wake(); },
            .cancel = [this](MediaId id) { workers_.cancel(id); },
            // Two under one number must not both go on.
            .was_replaced = [] { ::kill(::getpid(), SIGTERM); },
        });
    }
    void stop_node() {
        if (node_ != nullptr) {
            node_->stop();
        }
    }

    HotUploads* hot() { return stores_.may_be_cached ? &hot_ : nullptr; }

    UploadServices services() {
        return {
            metadata_,
            *blobs_.store,
            *stores_.attachments,
            clock_,
            ids_,
            speed_,
            metrics_,
            [this] {
                workers_.wake();
                node_ != nullptr ? node_->tell_job_added() : void();
            },
            &timeline_,
            &doubts_,
            hot(),
            [this](MediaId id) {
                workers_.cancel(id);
                node_ != nullptr ? node_->tell_cancelled(id) : void();
            },
            [this] { return node_ != nullptr ? node_->slots() : workers_.slots(); },
            node_.get()
        };
    }

    // A node's follow from what it was granted.
    Result<void> begin_ids() {
        if (node_ != nullptr) {
            return ok();
        }
        const auto newest = metadata_.newest_number();
        if (!newest) {
            return newest.error();
        }
        ids_.begin_after(*newest);
        return keys_.begin();
    }

    // What the process before this one left: its jobs go back into the queue, bytes that nobody
    // names go away.
    Result<void> recover() {
        const auto released = metadata_.release_jobs_of(holder(), clock_.now());
        if (!released) {
            return released.error();
        }
        if (auto begun = begin_ids(); !begun) {
            return begun;
        }
        const auto is_known = [this](BlobId blob) {
            const auto known = metadata_.knows_blob(blob);
            return !known || *known;  // in doubt it stays
        };
        if (auto loaded = doubts_.load(parts_.doubted_scope()); !loaded) {
            return loaded;
        }
        if (auto marked = mark_.recovered(); !marked) {
            return marked;
        }
        const auto removed = blobs_.remove_orphans(is_known, clock_.now() - orphan_age);
        if (!removed) {
            return removed.error();
        }
        log::info(
            "recovered",
            "jobs put back, orphans removed",
            {{"jobs", *released},
             {"orphans", *removed},
             {"was_clean", parts_.last_run.ended_cleanly},
             {"lost_power", parts_.last_run.lost_power()}}
        );
        return ok();
    }

    Result<void> open_doors() {
        for (const ListenAddress& address : settings_.listen) {
            const auto port = listener_.listen(address.host, address.port);
            if (!port) {
                return port.error();
            }
            const bool is_v6 = address.host.find(':') != std::string::npos;
            const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
            urls_.push_back("http://" + host + ":" + std::to_string(*port));
        }
        auto opened = dev_door_.open(settings_, clock_.now());
        if (!opened) {
            return std::move(opened).error();
        }
        dev_environment_ = *std::move(opened);
        return ok();
    }

    void announce() {
        for (const std::string& url : urls_) {
            log::info(
                "listening",
                url,
                {{"data", settings_.data},
                 {"durability", settings_.is_strict ? "strict" : "relaxed"}}
            );
        }
        if (!settings_.runs_workers && parts_.node == nullptr) {
            log::warning("nobody_works", "--role api, and no other node: what is finalized waits");
        }
        const std::string& url = urls_.front();
        const bool signs_in = settings_.needs_keys;
        greet(
            {.url = url,
             .sign_in = signs_in ? url + "/login#" + sessions_.make_link_code() : std::string(),
             .sandbox = settings_.runs_workers ? (settings_.sandbox ? "on" : "off") : "none",
             .data = settings_.data,
             .tools = system_.tools()}
        );
        std::printf("sluice ready %s\n", urls_.front().c_str());
        std::fflush(stdout);
    }

    // Not ready, no new connections; what runs may end; jobs go back; then everything comes down.
    void stop() {
        // A second signal leaves at once.
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        operations_.set_draining();
        live_.end();
        dev_door_.drain();
        listener_.drain();
        workers_.stop();
        background_.cancel();
        const bool is_clean = listener_.drained(drain_time);
        static_cast<void>(background_.drained(drain_time));
        dev_door_.drained();
        // Before the loops: work that began on one of them ends there.
        pools_.stop_and_join();
        loops_.stop();
        loops_.join();
        // While this node counts as one that lives: who waits until it is gone finds all of it written.
        if (auto flushed = timeline_.flush(); !flushed) {
            log::warning("timeline_not_written", flushed.error().detail);
        }
        stop_node();
        log::info("stopped", "everything is stored", {{"requests_cut", !is_clean}});
    }

    const Settings settings_;
    const http::ConnectionLimits connection_limits_;
    CorrectedClock clock_;  // by the database's, among nodes
    IdClock id_clock_{clock_};
    Metrics metrics_;
    SpeedLearner speed_;
    RunMark& mark_;
    OpenedParts parts_;
    Stores& stores_ = parts_.stores;
    BlobEngine& blobs_ = parts_.blobs;
    const std::unique_ptr<Node>& node_ = parts_.node;
    HotUploads hot_;
    WatchedMetadataStore watched_{*stores_.metadata, hot_};
    MetadataStore& metadata_ = hot() ? static_cast<MetadataStore&>(watched_) : *stores_.metadata;
    LiveEvents live_{parts_.first_event(clock_)};
    Timeline timeline_{*stores_.timeline, &live_, hot()};
    Doubts doubts_{*stores_.doubts, metadata_, *blobs_.store, clock_, &timeline_};
    IdSource ids_;
    Faults faults_;
    Jobs jobs_;
    WorkerPool workers_;
    Uploads uploads_;
    Streams streams_{services(), uploads_};
    MemoryRateLimiter rates_;
    protocol::Recorder recorder_;
    Annotations annotations_{uploads_, *stores_.attachments};
    MediaUse media_use_{uploads_, annotations_, *stores_.attachments};
    Polling polling_;
    Pools pools_{metrics_};
    runtime::BufferArena buffers_{settings_.body_memory.value / runtime::BufferArena::buffer_size};
    protocol::DevEnvironment dev_environment_;
    IdSource key_ids_{id_clock_, shard(key_shard)};
    protocol::UrlSigner url_signer_;
    protocol::ConsoleSessions sessions_;
    Keys keys_;
    protocol::Authenticator authenticator_;
    protocol::WorkClasses classes_;
    protocol::Context context_;
    Operations operations_;
    SystemEndpoint system_;
    Router router_;
    runtime::EventLoops loops_;
    runtime::TaskGroup background_{"background"};
    http::Listener listener_;
    DevDoor dev_door_;
    std::vector<std::string> urls_;
};

}  // namespace

int run_server(const Settings& settings) {
    RunMark mark(settings.data);
    auto parts = open_parts(settings, mark);
    if (!parts) {
        return parts.error();
    }
    auto server = std::make_unique<Server>(settings, *std::move(parts), mark);
    const int code = server->run();
    // Still under the lock. What the stores write when they close, they sync themselves.
    if (auto marked = mark.end(); code == 0 && !marked) {
        log::warning("stop_not_marked", marked.error().detail);
    }
    return code;
}

}  // namespace sluice::server
