// SqliteTimelineStore: the TimelineStore over the shared SQLite database. Thread-safe, blocking.
// Its writes never ask for a sync: they ride on the next one.
#pragma once

#include <memory>
#include <utility>

#include "store/sqlite/sqlite_database.hpp"
#include "store/timeline_store.hpp"

namespace sluice {

class SqliteTimelineStore final : public TimelineStore {
  public:
    explicit SqliteTimelineStore(std::shared_ptr<SqliteDatabase> database)
        : database_(std::move(database)) {}

    Result<void> add(std::span<const NotedEvents> noted) override;
    Result<std::vector<TimelineEvent>> of(const Principal& owner, MediaId id, TimelinePart part)
        override;
    Result<void> forget(MediaId id) override;

  private:
    std::shared_ptr<SqliteDatabase> database_;
};

}  // namespace sluice
