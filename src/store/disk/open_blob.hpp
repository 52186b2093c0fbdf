// OpenBlob: the file of one blob while somebody writes to it, shared by all its writers: one
// descriptor, one sync for all who wait. Thread-safe. A failed sync is final: Linux reports a lost
// write once and then says "ok", so every writer that shares the file fails after it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "store/disk/blob_directory.hpp"

namespace sluice::disk {

// The syscalls with their loops: interrupted calls and short writes.
Result<void> write_all(int file, ByteOffset at, std::span<const std::byte> bytes);
// storage_failed if the file ends before.
Result<void> read_all(int file, ByteOffset at, std::span<std::byte> bytes);
// Appends a range of one file to the end of another.
Result<void> append_range(int from, ByteOffset at, ByteCount length, int to);
// Reserves space. File systems that cannot are tolerated.
Result<void> reserve(int file, ByteCount length);
Result<void> sync_file(int file);

class OpenBlob {
  public:
    // `has_new_entry`: the directory entry may not be durable yet.
    // `direct_file`: the same for direct I/O, or none.
    OpenBlob(
        const BlobDirectory& directory,
        BlobId id,
        UniqueFd file,
        bool has_new_entry,
        UniqueFd direct_file = {}
    )
        : directory_(directory),
          id_(id),
          file_(std::move(file)),
          direct_file_(std::move(direct_file)),
          has_new_entry_(has_new_entry) {}

    BlobId id() const { return id_; }
    int file() const { return file_.get(); }
    // -1: none.
    int direct_file() const { return direct_file_.get(); }

    // All that was written before the call is durable when it returns without Error. Those who come
    // while a sync runs share the next one.
    Result<void> sync();

  private:
    Result<void> sync_now();

    const BlobDirectory& directory_;
    const BlobId id_;
    const UniqueFd file_;
    const UniqueFd direct_file_;

    std::mutex mutex_;  // guards all below
    std::condition_variable synced_;
    bool has_new_entry_;
    bool is_running_ = false;
    std::uint64_t asked_ = 0;
    std::uint64_t done_ = 0;
    std::optional<Error> failed_;
};

// Starts the write-back of what is written every few MiB, so that the sync at the end is short. A
// hint only.
class WriteBack {
  public:
    void wrote(int file, ByteOffset end, ByteCount length);

  private:
    ByteCount pending_;
};

}  // namespace sluice::disk
