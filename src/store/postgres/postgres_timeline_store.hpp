// PostgresTimelineStore: the TimelineStore over the shared PostgreSQL database. Thread-safe, blocking.
// Its commits wait for no sync: a loss of power may take the last ones.
#pragma once

#include <memory>
#include <utility>

#include "store/postgres/postgres_database.hpp"
#include "store/timeline_store.hpp"

namespace sluice {

class PostgresTimelineStore final : public TimelineStore {
  public:
    explicit PostgresTimelineStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

    Result<void> add(std::span<const NotedEvents> noted) override;
    Result<std::vector<TimelineEvent>> of(const Principal& owner, MediaId id, TimelinePart part)
        override;
    Result<void> forget(MediaId id) override;

  private:
    std::shared_ptr<PostgresDatabase> database_;
};

}  // namespace sluice
