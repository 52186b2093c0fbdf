// BucketOwner: the one server (or fsck) that works on a bucket whose rows are in SQLite. Another one, on a
// copy of the directory, would take what this one has acknowledged for orphans. Every run has an id; the
// bucket's object sluice-owner says which one it is, and a thread looks again and again whether it still
// says so. Who is not certain that the owner is dead asks in that object, and waits for longer than an
// owner believes that it is one without having looked: two never work at the same time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "server/owner_record.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace sluice::server {

class BucketOwner {
  public:
    struct Times {
        std::chrono::milliseconds look{5'000};       // from one to the next
        std::chrono::milliseconds belief{12'000};    // since the last look that found it as it was
        std::chrono::milliseconds patience{20'000};  // with an owner that does not answer
    };
    struct Terms {
        std::string data;            // the directory, which this process holds
        bool may_replace = false;    // the operator gives up the directory of the owner
        std::function<void()> told;  // of being replaced; from a thread of its own, at most once
        Times times;
        bool is_for_nodes = false;  // the rows are in PostgreSQL
    };

    // Blocks for `patience` at most, and guards the bucket from then on. storage_failed, with facts: it is
    // another's. The bucket outlives it, and is not written to when it ends.
    static Result<std::unique_ptr<BucketOwner>> take(S3BlobStore& bucket, Terms terms);
    // The rows are in PostgreSQL, whose nodes need no owner: from now on no directory with SQLite gets the
    // bucket. Blocks and fails as take() does while a server with SQLite has it.
    static Result<void> give_to_nodes(S3BlobStore& bucket, Terms terms);
    // Says that this run has stopped.
    ~BucketOwner();
    BucketOwner(const BucketOwner&) = delete;
    BucketOwner& operator=(const BucketOwner&) = delete;

    // storage_unavailable: another has it, or nobody knows at present.
    Result<void> check() const;

  private:
    BucketOwner(
        S3BlobStore& bucket, Terms terms, OwnerRecord record, OwnRuns runs, std::int64_t seen_at
    );
    void hold(const std::stop_token& stop);
    bool look();
    void release();

    S3BlobStore& bucket_;
    const Terms terms_;
    const OwnerRecord record_;
    const OwnRuns runs_;
    std::atomic<std::int64_t> seen_at_;  // when the last good look began
    std::atomic<bool> is_replaced_ = false;
    std::mutex mutex_;
    std::condition_variable_any end_;
    std::jthread thread_;  // last: it uses the others
};

}  // namespace sluice::server
