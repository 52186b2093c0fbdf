// Piece: bytes of a body that gather until they are one request: a small object, or a part of a large
// one. In memory as long as the budget that all pieces share has room, then in a file without a name
// in the scratch folder: memory does not grow with the number of slow callers, and none is refused.
// One thread at a time; reading may be another thread's while nobody appends.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "store/s3/body.hpp"

namespace sluice::s3 {

class PieceBudget {
  public:
    // `scratch`: a folder for what does not fit.
    PieceBudget(ByteCount memory_max, std::string scratch)
        : memory_max_(memory_max), scratch_(std::move(scratch)) {}

    bool take(std::size_t bytes);
    void give_back(std::size_t bytes) { used_.fetch_sub(bytes); }
    std::size_t used() const { return used_.load(); }
    const std::string& scratch() const { return scratch_; }

  private:
    const ByteCount memory_max_;
    const std::string scratch_;
    std::atomic<std::size_t> used_ = 0;
};

class Piece final : public Body {
  public:
    static constexpr std::size_t chunk_bytes = 256 * 1024;

    // The budget outlives the piece.
    explicit Piece(PieceBudget& budget) : budget_(budget) {}
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    ~Piece() override { clear(); }

    // storage_full, storage_failed: of the scratch folder.
    Result<void> append(std::span<const std::byte> bytes);
    // Whether so many more are a copy within memory that is there already.
    bool is_quick(std::size_t bytes) const;
    void clear();

    ByteCount length() const override { return {length_}; }
    std::size_t read(ByteOffset offset, std::span<std::byte> bytes) const override;

  private:
    bool has_chunk();
    std::size_t append_to_memory(std::span<const std::byte> bytes);
    Result<void> append_to_file(std::span<const std::byte> bytes);
    std::size_t in_memory() const { return chunks_.size() * chunk_bytes; }

    PieceBudget& budget_;
    std::size_t length_ = 0;
    // The first bytes are in these, the rest in the file.
    std::vector<std::unique_ptr<std::byte[]>> chunks_;
    UniqueFd file_;
};

}  // namespace sluice::s3
