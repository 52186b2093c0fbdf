#include "server/wiring.hpp"

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
#include "store/disk/ballast.hpp"
#include "store/disk/data_directory.hpp"
#include "store/disk/key_file.hpp"
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
// Some hundred commits.
constexpr ByteCount ballast_size{std::uint64_t{4} << 20};
constexpr int exit_config = 3;

int fail(const std::string& what, const Error& error) {
    const std::string why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: %s: %s\n", what.c_str(), why.c_str());
    return exit_config;
}

// The parts in the order in which they need each other; destroyed the other way round.
class Server {
  public:
    Server(
        const Settings& settings,
        DirectoryLock lock,
        Stores stores,
        BlobEngine blobs,
        SecretBox box,
        RunMark& mark,
        LastRun last_run,
        std::shared_ptr<Ballast> ballast
    )
        : settings_(settings),
          connection_limits_(connection_limits(settings)),
          lock_(std::move(lock)),
          mark_(mark),
          last_run_(last_run),
          ballast_(std::move(ballast)),
          stores_(std::move(stores)),
          blobs_(std::move(blobs)),
          ids_(clock_, 0),
          faults_(metrics_),
          jobs_(
              metadata_, *blobs_.store, clock_, ids_, job_settings(settings), &faults_, &timeline_
          ),
          workers_(pool_settings(settings), jobs_, speed_, metrics_),
          uploads_(services(), settings.limits),
          rates_(rate_limits(settings)),
          recorder_(inspector_mode(settings), clock_),
          polling_(settings.polling),
          url_signer_(box.derived_key("signed urls"), clock_),
          sessions_(box.derived_key("console sessions"), clock_),
          keys_(*stores_.keys, std::move(box), clock_, key_ids_),
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
              .redirects_to_storage = settings.redirects_to_storage
          },
          operations_(metrics_, metadata_, pools_.reads),
          system_(settings_, clock_.now()),
          router_(
              context_,
              authenticator_,
              keys_,
              operations_,
              system_,
              settings.needs_keys ? &sessions_ : nullptr,
              settings.names
          ),
          loops_(runtime::usable_processors()),
          listener_(loops_, router_, metrics_, clock_, connection_limits_),
          dev_door_(loops_, listener_) {
        add_process_metrics(metrics_, metadata_, *blobs_.store);
        stores_.add_metrics(metrics_);
        blobs_.add_metrics(metrics_);
        for (FaultRule rule : settings.faults) {
            rule.seed = settings.fault_seed;
            faults_.add(std::move(rule));
        }
    }

    int run() {
        runtime::StopSignals signals;
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
            loops_.executor(0), keep_ballast(ballast_, &pools_.background, sweep_pause)
        );
        background_.spawn(
            loops_.executor(0),
            sweep_blobs_forever(
                {&blobs_, &metadata_, &clock_},
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
            [this] { workers_.wake(); },
            &timeline_,
            &doubts_,
            hot(),
            [this](MediaId id) { workers_.cancel(id); },
            workers_.slots()
        };
    }

    // What the process before this one left: its jobs go back into the queue, bytes that nobody
    // names go away.
    Result<void> recover() {
        const auto released = metadata_.release_jobs_of(job_holder, clock_.now());
        if (!released) {
            return released.error();
        }
        const auto newest = metadata_.newest_number();
        if (!newest) {
            return newest.error();
        }
        ids_.begin_after(*newest);
        if (auto begun = keys_.begin(); !begun) {
            return begun;
        }
        const auto is_known = [this](BlobId blob) {
            const auto known = metadata_.knows_blob(blob);
            return !known || *known;  // in doubt it stays
        };
        if (auto loaded = doubts_.load(doubted_scope()); !loaded) {
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
             {"was_clean", last_run_.ended_cleanly},
             {"lost_power", last_run_.lost_power()}}
        );
        return ok();
    }

    // After a kill the page cache still has all that was written, and what was synced is on the disk.
    // But a relaxed server may have died between a sync that failed and its note of it.
    std::optional<Doubts::Scope> doubted_scope() const {
        if (blobs_.is_elsewhere()) {
            return std::nullopt;
        }
        if (!last_run_.was_strict && !last_run_.ended_cleanly) {
            return Doubts::Scope();
        }
        return last_run_.lost_power() ? std::optional(Doubts::sample) : std::nullopt;
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
        const std::string& url = urls_.front();
        const bool signs_in = settings_.needs_keys;
        greet(
            {.url = url,
             .sign_in = signs_in ? url + "/login#" + sessions_.make_link_code() : std::string(),
             .sandbox = settings_.runs_workers ? (settings_.sandbox ? "on" : "off") : "none",
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
        loops_.stop();
        loops_.join();
        pools_.stop_and_join();
        if (auto flushed = timeline_.flush(); !flushed) {
            log::warning("timeline_not_written", flushed.error().detail);
        }
        log::info("stopped", "everything is stored", {{"requests_cut", !is_clean}});
    }

    const Settings settings_;
    const http::ConnectionLimits connection_limits_;
    SystemClock clock_;
    Metrics metrics_;
    SpeedLearner speed_;
    DirectoryLock lock_;
    RunMark& mark_;
    LastRun last_run_;
    std::shared_ptr<Ballast> ballast_;  // also the database's
    Stores stores_;
    HotUploads hot_;
    WatchedMetadataStore watched_{*stores_.metadata, hot_};
    MetadataStore& metadata_ = hot() ? static_cast<MetadataStore&>(watched_) : *stores_.metadata;
    // Behind those of any process before.
    LiveEvents live_{static_cast<std::uint64_t>(clock_.now().time_since_epoch().count())};
    Timeline timeline_{*stores_.timeline, &live_, hot()};
    BlobEngine blobs_;
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
    IdSource key_ids_{clock_, key_shard};
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
    auto lock = DirectoryLock::take(settings.data, SystemClock().now());
    if (!lock) {
        return fail("the data directory " + settings.data + " cannot be used", lock.error());
    }
    const auto secret = read_or_make_key_file(key_file_of(settings));
    if (!secret) {
        return fail("the key file cannot be used", secret.error());
    }
    const auto ballast = std::make_shared<Ballast>(settings.data + "/ballast", ballast_size);
    ballast->prepare();
    const SystemClock clock;
    auto blobs = open_blobs(settings.storage, settings.data, settings.is_strict, clock);
    if (!blobs) {
        return fail("the storage cannot be opened", blobs.error());
    }
    auto stores = open_stores(
        settings.database, settings.data, blobs->bucket, database_options(settings, ballast)
    );
    if (!stores) {
        return fail("the database cannot be opened", stores.error());
    }
    RunMark mark(settings.data);
    const auto last_run = mark.begin(settings.is_strict);
    if (!last_run) {
        return fail("the data directory cannot be written", last_run.error());
    }
    auto server = std::make_unique<Server>(
        settings,
        std::move(*lock),
        *std::move(stores),
        std::move(*blobs),
        SecretBox(*secret),
        mark,
        *last_run,
        ballast
    );
    const int code = server->run();
    // Still under the lock. What the stores write when they close, they sync themselves.
    if (auto marked = mark.end(); code == 0 && !marked) {
        log::warning("stop_not_marked", marked.error().detail);
    }
    return code;
}

}  // namespace sluice::server
