// PostgresDoubtStore: the DoubtStore over the shared PostgreSQL database. Thread-safe, blocking.
#pragma once

#include <memory>
#include <utility>

#include "store/doubt_store.hpp"
#include "store/postgres/postgres_database.hpp"

namespace sluice {

class PostgresDoubtStore final : public DoubtStore {
  public:
    explicit PostgresDoubtStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

    Result<void> add(const Doubt& doubt) override;
    Result<std::uint64_t> add_open(
        const std::string& facts, WallTime since, std::uint64_t count_max
    ) override;
    Result<std::vector<Doubt>> finals() override;
    Result<std::vector<MediaId>> unchecked(std::uint32_t count_max) override;
    Result<bool> is_unchecked(MediaId id) override;
    Result<void> settle(MediaId id) override;
    Result<void> settle_all() override;
    Result<void> forget(MediaId id) override;

  private:
    std::shared_ptr<PostgresDatabase> database_;
};

}  // namespace sluice
