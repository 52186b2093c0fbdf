#include "store/disk/pack_writer.hpp"

#include <cstring>

namespace sluice::disk {
namespace {

Error is_over() {
    return {.code = ErrorCode::storage_failed, .detail = "the writer has committed or failed"};
}

}  // namespace

Result<void> PackedWriter::write(std::span<const std::byte> bytes) {
    if (is_over_) {
        return is_over();
    }
    if (!own_ && bytes.size() > length_max_.value - written_.value) {
        if (!open_own_) {
            return Error{.code = ErrorCode::body_too_large, .detail = "more bytes than announced"};
        }
        if (auto moved = move_to_own(); !moved) {
            is_over_ = true;
            return moved;
        }
    }
    if (own_) {
        return own_->write(bytes);
    }
    std::byte* const place = buffer_->data() + written_.value;
    if (!bytes.empty() && bytes.data() != place) {
        std::memcpy(place, bytes.data(), bytes.size());
    }
    written_ += ByteCount{bytes.size()};
    return ok();
}

std::span<std::byte> PackedWriter::memory() {
    if (own_ || !buffer_) {
        return {};
    }
    return {buffer_->data() + written_.value, (length_max_ - written_).value};
}

Result<void> PackedWriter::move_to_own() {
    auto own = open_own_();
    if (!own) {
        return std::move(own).error();
    }
    own_ = *std::move(own);
    auto written = own_->write({buffer_->data(), written_.value});
    buffer_.reset();
    return written;
}

Result<Extent> PackedWriter::commit() {
    if (is_over_) {
        return is_over();
    }
    is_over_ = true;
    if (own_) {
        return own_->commit();
    }
    if (written_.value == 0) {
        return Extent{};
    }
    auto extent = log_.add(*buffer_, written_);
    buffer_.reset();
    return extent;
}

}  // namespace sluice::disk
