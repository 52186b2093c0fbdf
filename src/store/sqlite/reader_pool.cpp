#include "store/sqlite/reader_pool.hpp"

#include <utility>

#include "base/signal.hpp"

namespace sluice::sqlite {

Result<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::string& path, std::size_t count) {
    auto pool = std::make_unique<ReaderPool>();
    for (std::size_t i = 0; i < count; ++i) {
        auto connection = Connection::open(path);
        if (!connection) {
            return std::move(connection).error();
        }
        if (auto done = (*connection)->script("PRAGMA query_only = ON"); !done) {
            return std::move(done).error();
        }
        pool->idle_.push_back(*std::move(connection));
    }
    return pool;
}

ReaderPool::Lease ReaderPool::borrow() {
    before_blocking();
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return {*this, std::move(connection)};
}

ReaderPool::Lease::Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

ReaderPool::Lease::~Lease() {
    if (!connection_->is_outside_transaction()) {
        static_cast<void>(connection_->execute("COMMIT"));
    }
    {
        const std::scoped_lock lock(pool_.mutex_);
        pool_.idle_.push_back(std::move(connection_));
    }
    pool_.returned_.notify_one();
}

Result<void> ReaderPool::Lease::begin_snapshot() {
    auto begun = connection_->execute("BEGIN");
    return begun ? ok() : Result<void>(std::move(begun).error());
}

}  // namespace sluice::sqlite
