// The bytes in memory, counting what a call asks of them. Places nothing, as an S3 store does (ADR 13), so
// that each segment is an object. One thread. Used by demands.cpp.
#pragma once

#include <memory>
#include <utility>

#include "capacity/recording_metadata.hpp"
#include "store/memory/memory_blob_store.hpp"

namespace sluice::capacity {

class RecordingWriter final : public BlobWriter {
  public:
    RecordingWriter(StoreCalls& calls, std::unique_ptr<BlobWriter> inner)
        : calls_(calls), inner_(std::move(inner)) {}
    Result<void> write(std::span<const std::byte> bytes) override { return inner_->write(bytes); }
    ByteCount written() const override { return inner_->written(); }
    Result<Extent> commit() override {
        ++calls_.puts;
        calls_.bytes_put += inner_->written().value;
        return inner_->commit();
    }

  private:
    StoreCalls& calls_;
    std::unique_ptr<BlobWriter> inner_;
};

class RecordingBlobs final : public BlobStore {
  public:
    explicit RecordingBlobs(StoreCalls& calls) : calls_(calls) {}
    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override {
        auto inner = inner_.stage(id);
        if (!inner) {
            return inner;
        }
        return std::unique_ptr<BlobWriter>(
            std::make_unique<RecordingWriter>(calls_, *std::move(inner))
        );
    }
    Result<std::unique_ptr<BlobWriter>> place(const Placement&) override {
        return Error{.code = ErrorCode::store_conflict};
    }
    Result<void> make_durable(const std::vector<Extent>&) override { return ok(); }
    Result<void> read(const Extent& extent, ByteOffset at, std::span<std::byte> bytes) override {
        ++calls_.gets;
        calls_.bytes_got += bytes.size();
        return inner_.read(extent, at, bytes);
    }
    Result<std::string> as_local_file(const std::vector<Extent>& l, const std::string& s) override {
        return inner_.as_local_file(l, s);
    }
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override {
        ++calls_.puts;
        return inner_.adopt_file(id, path);
    }
    Result<void> remove(const Extent& extent) override { return inner_.remove(extent); }
    Result<ByteCount> free_space() override { return inner_.free_space(); }

  private:
    StoreCalls& calls_;
    MemoryBlobStore inner_;
};

}  // namespace sluice::capacity
