// What each part of the server is told of the settings.
#pragma once

#include <memory>
#include <string>

#include "http/connection_limits.hpp"
#include "processing/worker_pool.hpp"
#include "protocol/common/authenticator.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/inspector_mode.hpp"
#include "protocol/common/work_classes.hpp"
#include "server/settings.hpp"
#include "store/disk/ballast.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace sluice::server {

// Of a process that is alone: it holds the data directory, so all jobs are its own.
inline constexpr const char* job_holder = "local";

SqliteOptions database_options(const Settings& settings, std::shared_ptr<Ballast> ballast);
std::string key_file_of(const Settings& settings);
// `holder`: the name under which this process leases jobs.
WorkerPoolSettings pool_settings(const Settings& settings, const std::string& holder);
JobSettings job_settings(const Settings& settings);
// Raises the limit of open files as far as it goes, and warns if that is too few for the settings.
http::ConnectionLimits connection_limits(const Settings& settings);
protocol::WorkBounds work_bounds(
    const Settings& settings, const http::ConnectionLimits& connections
);
protocol::AuthMode auth_mode(const Settings& settings);
protocol::Fidelity fidelity(const Settings& settings);
protocol::InspectorMode inspector_mode(const Settings& settings);

}  // namespace sluice::server
