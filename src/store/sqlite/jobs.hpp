// The rows of jobs: what a piece of work does with them inside its transaction, and where one
// stands in the queue.
#pragma once

#include <optional>
#include <string_view>

#include "core/job.hpp"
#include "core/job_pause.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/jobs_ahead.hpp"

namespace sluice::sqlite {

// As the schema writes them.
constexpr std::string_view name_of(Lane lane) {
    return lane == Lane::quick ? "quick" : "film";
}

// store_conflict if the id is taken or the upload has a job already.
Result<void> insert_job(Connection& connection, const NewJob& job);
Result<void> delete_job_of(Connection& connection, MediaId id);
// If it can be told without reading.
std::optional<QueuePosition> known_position(MediaId id, WallTime now, const JobsAhead& known);
// On a reader with a snapshot that is newer than `version` of what is known. store_not_found without a job.
Result<QueuePosition> position_of(
    Connection& connection, MediaId id, WallTime now, JobsAhead& known, std::uint64_t version
);

}  // namespace sluice::sqlite
