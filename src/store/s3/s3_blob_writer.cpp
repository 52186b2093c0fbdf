#include "store/s3/s3_blob_writer.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t parts_max = 10'000;  // of S3

Error over() {
    return {.code = ErrorCode::storage_failed, .detail = "the writer has committed or failed"};
}

}  // namespace

S3BlobWriter::~S3BlobWriter() {
    if (!upload_.empty()) {
        store_.abandon_parts(id_, upload_);
    }
}

bool S3BlobWriter::is_quick(ByteCount next) const {
    const bool fits = piece_.length() + next <= store_.options_.piece;
    return fits && piece_.is_quick(next.value);
}

Result<void> S3BlobWriter::write(std::span<const std::byte> bytes) {
    if (is_over_) {
        return over();
    }
    while (!bytes.empty()) {
        const bool is_full = piece_.length() == store_.options_.piece;
        const ByteCount room = store_.options_.piece - piece_.length();
        const auto next = bytes.first(std::min<std::uint64_t>(room.value, bytes.size()));
        if (auto done = is_full ? send_part() : piece_.append(next); !done) {
            is_over_ = true;
            return done;
        }
        bytes = bytes.subspan(next.size());
    }
    return ok();
}

Result<void> S3BlobWriter::send_part() {
    if (tags_.size() == parts_max) {
        return Error{.code = ErrorCode::storage_failed, .detail = "a blob of too many parts"};
    }
    if (upload_.empty()) {
        auto begun = store_.begin_parts(id_);
        if (!begun) {
            return std::move(begun).error();
        }
        upload_ = *std::move(begun);
    }
    auto tag = store_.put_part(id_, upload_, static_cast<int>(tags_.size()) + 1, piece_);
    if (!tag) {
        return std::move(tag).error();
    }
    tags_.push_back(*std::move(tag));
    sent_ += piece_.length().value;
    piece_.clear();
    return ok();
}

Result<Extent> S3BlobWriter::commit() {
    if (std::exchange(is_over_, true)) {
        return over();
    }
    if (!upload_.empty()) {
        return joined();
    }
    const ByteCount length = piece_.length();
    const auto made = store_.put(id_, piece_, S3BlobStore::Ids::may_change);
    piece_.clear();
    return made ? Result<Extent>(Extent{*made, {0}, length}) : made.error();
}

Result<Extent> S3BlobWriter::joined() {
    if (auto sent = send_part(); !sent) {
        return std::move(sent).error();
    }
    if (auto joined = store_.join_parts(id_, upload_, tags_, {sent_}); !joined) {
        return std::move(joined).error();
    }
    upload_.clear();
    return Extent{id_, {0}, {sent_}};
}

}  // namespace sluice
