// OpenBlob: the file of one blob while somebody writes to it, shared by all its writers: one
// descriptor, one sync for all who wait. Thread-safe. A failed sync is final: Linux reports a lost
// write once and then says "ok", so every writer that shares the file fails after it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>

#include "base/bytes.hpp"
#include "base/rare.hpp"
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
Result<void> reserve(int file, ByteOffset at, ByteCount length);
Result<void> sync_file(int file);

struct OpenTerms {
    ByteCount reserved;  // for a file that is made
    // Not by open(), but by reserve_more(): where each page of it costs, as in memory.
    bool reserves_in_steps = false;
    bool is_direct = false;  // the same file for direct I/O, too, if it takes it
    bool has_new_entry =
        false;  // the directory entry may not be durable yet, though the file is there
};

class OpenBlob {
  public:
    OpenBlob(const BlobDirectory& directory, BlobId id, OpenTerms terms)
        : directory_(directory), id_(id), terms_(terms), has_new_entry_(terms.has_new_entry) {}

    BlobId id() const { return id_; }
    // Opens it, or makes it with its room; who comes meanwhile waits. After an Error others may try. store_conflict
    // if it was removed.
    Result<void> open();
    // Precondition of what follows: open() did.
    int file() const { return file_.get(); }
    // -1: none.
    int direct_file() const { return direct_file_.get(); }
    bool is_made_here() const { return is_made_here_; }
    bool is_reserved() const { return unreserved_ == 0; }
    // Before the blob's name is removed: open() makes no file for it any more, or it is there to be removed.
    void will_be_removed() { is_removed_ = true; }
    // At most so much of what is still to be reserved.
    Result<void> reserve_more(ByteCount most);

    // All that was written before the call is durable when it returns without Error. Those who come
    // while a sync runs share the next one.
    Result<void> sync();

  private:
    Result<void> open_file();
    Result<void> make_file();
    void hold(UniqueFd file);
    Result<void> sync_now();

    const BlobDirectory& directory_;
    const BlobId id_;
    const OpenTerms terms_;
    std::atomic<bool> is_removed_ = false;

    std::mutex mutex_;  // guards all below while it changes; the first four do once
    UniqueFd file_;
    UniqueFd direct_file_;
    std::atomic<bool> is_open_ = false;
    bool is_made_here_ = false;
    bool has_new_entry_;
    bool is_running_ = false;                    // a sync
    std::atomic<std::uint32_t> rounds_ = 0;      // of them have ended; waited for without the mutex
    std::atomic<std::uint64_t> unreserved_ = 0;  // at the end of what is to be reserved
    std::uint64_t asked_ = 0;
    std::uint64_t done_ = 0;
    Rare<Error> failed_;
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
