// S3BlobWriter: gathers a piece; a blob that fits into one is made by one PUT at commit(), a longer one
// is a multipart upload that begins when the first piece is full. No more than a piece is held.
// Destroying it before commit() leaves nothing: it never blocks then.
#pragma once

#include "store/s3/s3_blob_store.hpp"

namespace sluice {

class S3BlobWriter final : public BlobWriter {
  public:
    S3BlobWriter(S3BlobStore& store, BlobId id) : store_(store), id_(id), piece_(store.budget_) {}
    S3BlobWriter(const S3BlobWriter&) = delete;
    S3BlobWriter& operator=(const S3BlobWriter&) = delete;
    ~S3BlobWriter() override;

    Result<void> write(std::span<const std::byte> bytes) override;
    bool is_quick(ByteCount next) const override;
    ByteCount written() const override { return {sent_ + piece_.length().value}; }
    Result<Extent> commit() override;

  private:
    Result<void> send_part();
    Result<Extent> joined();

    S3BlobStore& store_;
    const BlobId id_;
    s3::Piece piece_;
    std::uint64_t sent_ = 0;
    std::string upload_;  // of S3; empty: no part was sent
    std::vector<std::string> tags_;
    bool is_over_ = false;
};

}  // namespace sluice
