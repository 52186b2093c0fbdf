// ReaderPool: a few connections that may only read, lent out one borrower at a time. Any thread;
// borrow() blocks while all are lent. Borrowed ones must be back before the pool goes.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace sluice::sqlite {

class ReaderPool {
  public:
    static Result<std::unique_ptr<ReaderPool>> open(const std::string& path, std::size_t count);

    // All that is read through one lease is one state of the database, if begin_snapshot() was
    // called.
    class Lease {
      public:
        Lease(ReaderPool& pool, std::unique_ptr<Connection> connection);
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease();
        Result<void> begin_snapshot();
        Connection& operator*() const { return *connection_; }

      private:
        ReaderPool& pool_;
        std::unique_ptr<Connection> connection_;
    };
    Lease borrow();

  private:
    std::mutex mutex_;  // guards all below
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace sluice::sqlite
