#include "server/derived_settings.hpp"

#include <string>
#include <utility>

#include "base/log.hpp"
#include "server/open_files.hpp"

namespace sluice::server {

SqliteOptions database_options(const Settings& settings, std::shared_ptr<Ballast> ballast) {
    return {
        .strict = settings.is_strict,
        .make_room = [ballast =
                          std::move(ballast)](bool is_vital) { return ballast->drop(is_vital); }
    };
}

std::string key_file_of(const Settings& settings) {
    return settings.key_file.empty() ? settings.data + "/keys.secret" : settings.key_file;
}

WorkerPoolSettings pool_settings(const Settings& settings, const std::string& holder) {
    WorkerPoolSettings pool;
    pool.scratch_folder = settings.data + "/scratch";
    pool.holder = holder;
    if (holder != job_holder) {
        // What other nodes add is announced, and hardly ever missed; and all of them ask.
        pool.poll_interval = std::chrono::seconds(2);
    }
    pool.slots = settings.workers;
    pool.quick_slots = settings.quick_workers;
    pool.cores_per_job = settings.cores_per_job;
    pool.speed_file = settings.data + "/speeds";
    pool.sandbox = settings.sandbox;
    pool.may_copy = settings.remux;
    pool.with_avif = settings.avif;
    pool.as_x = fidelity(settings) == protocol::Fidelity::faithful;
    return pool;
}

JobSettings job_settings(const Settings& settings) {
    JobSettings jobs;
    jobs.keeps_original = settings.keeps_original;
    jobs.lease = settings.job_lease;
    return jobs;
}

http::ConnectionLimits connection_limits(const Settings& settings) {
    const std::size_t allowed = connections_for(raise_open_files());
    http::ConnectionLimits limits;
    limits.connections_max = settings.connections > 0 ? settings.connections : allowed;
    if (limits.connections_max > allowed) {
        log::warning(
            "few_files",
            "more connections are set up than open files allow for (ulimit -n)",
            {{"connections", limits.connections_max}, {"advised", allowed}}
        );
    }
    return limits;
}

protocol::WorkBounds work_bounds(
    const Settings& settings, const http::ConnectionLimits& connections
) {
    protocol::WorkBounds bounds = settings.work;
    if (bounds.control == 0) {
        bounds.control = connections.connections_max;
    }
    if (bounds.bulk == 0) {
        bounds.bulk = connections.connections_max / 4 * 3;
    }
    return bounds;
}

protocol::AuthMode auth_mode(const Settings& settings) {
    return settings.needs_keys ? protocol::AuthMode::keys : protocol::AuthMode::open;
}

protocol::Fidelity fidelity(const Settings& settings) {
    return settings.is_faithful ? protocol::Fidelity::faithful : protocol::Fidelity::helpful;
}

protocol::InspectorMode inspector_mode(const Settings& settings) {
    using protocol::InspectorMode;
    return settings.inspector.value_or(
        settings.needs_keys ? InspectorMode::metadata : InspectorMode::full
    );
}

}  // namespace sluice::server
