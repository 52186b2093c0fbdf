#include "service/incoming.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/digest.hpp"
#include "base/release_memory.hpp"

namespace sluice {

// 5 MB is what X documents; more only if a thousand of those would not hold the file.
std::string advised_size(ByteCount total, ByteCount limit) {
    constexpr std::uint64_t usual = 5'000'000;
    const std::uint64_t least = (total.value + segment_index_max) / (segment_index_max + 1);
    return " Advised for the " + std::to_string(total.value) +
           " bytes of this upload are segments of " +
           std::to_string(std::clamp(usual, least, std::max(least, limit.value))) + ".";
}

Error Incoming::Limit::refusal() const {
    const Words none;
    const Words& said = words ? *words : none;
    return {
        .code = code,
        .facts = said.facts,
        .next_query = said.next_query,
        .size_limit = said.of_category,
    };
}

Incoming::Incoming(
    BlobStore& blobs, BlobId staging_id, std::unique_ptr<BlobWriter> writer, Limit limit
)
    : blobs_(blobs),
      staging_id_(staging_id),
      writer_(std::move(writer)),
      limit_(std::move(limit)) {}

Result<void> Incoming::admit(std::span<const std::byte> bytes) {
    if (judge_start_) {
        auto limit = std::exchange(judge_start_, nullptr)(bytes);
        if (!limit) {
            return std::move(limit).error();
        }
        limit_ = std::move(*limit);
    }
    const ByteCount after{length_.value + bytes.size()};
    if (after <= limit_.bytes_max) {
        return ok();
    }
    Error refused = limit_.refusal();
    if (refused.facts.empty()) {
        refused.facts =
            "At least " + std::to_string(after.value) + " bytes came, " +
            std::to_string(limit_.bytes_max.value) + " are allowed in one call." +
            (limit_.total.value > 0 ? advised_size(limit_.total, limit_.bytes_max) : "");
    }
    return refused;
}

bool Incoming::prepare_more() {
    if (!writer_) {
        return true;
    }
    const auto is_prepared = writer_->prepare_more();
    if (!is_prepared) {
        writer_.reset();  // a blob of its own will do, or will say why not
    }
    return is_prepared.value_or(true);
}

Result<void> Incoming::write(std::span<const std::byte> bytes) {
    if (auto admitted = admit(bytes); !admitted) {
        return admitted;
    }
    while (length_.value == 0 && !prepare_more()) {
    }
    if (!writer_) {
        auto staged = blobs_.stage(staging_id_);
        if (!staged) {
            return with_room(std::move(staged).error());
        }
        writer_ = std::move(staged).value();
    }
    auto written = writer_->write(bytes);
    if (!written && written.error().code == ErrorCode::body_too_large) {
        // More than the request seemed to promise (a form without its last line end): the place
        // reserved for the segment is too small, so it moves to a blob of its own.
        if (auto moved = move_to_staging(); !moved) {
            return moved;
        }
        written = writer_->write(bytes);
    }
    if (!written) {
        return with_room(std::move(written).error());
    }
    note(bytes);
    return ok();
}

void Incoming::note(std::span<const std::byte> bytes) {
    crc_ = crc32c(bytes, crc_);
    length_.value += bytes.size();
    if (start_.size() < start_max_ || (drops_plain_start_ && !start_.empty())) {
        note_start(bytes);
    }
    token_.has_received(length_);
}

// What would be a mistake in a later segment is one in the first, and of more bytes than are kept the rest is not looked
// at: what is no mistake now is none at the end.
void Incoming::note_start(std::span<const std::byte> bytes) {
    const auto missing = std::min(bytes.size(), start_max_ - start_.size());
    start_.insert(
        start_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(missing)
    );
    if (!drops_plain_start_ || length_.value <= start_max_) {
        return;
    }
    const std::string_view text(reinterpret_cast<const char*>(start_.data()), start_.size());
    if (!mistaken_content({text, length_.value, true})) {
        release_memory(start_);
        start_max_ = 0;
    }
    drops_plain_start_ = false;
}

std::optional<DirectRange> Incoming::direct_range(ByteCount length) const {
    auto range = writer_ ? writer_->direct_range() : std::nullopt;
    return range && length <= range->room ? std::move(range) : std::nullopt;
}

Result<void> Incoming::pass(std::span<const std::byte> bytes) {
    if (auto admitted = admit(bytes); !admitted) {
        return admitted;
    }
    note(bytes);
    writer_->passed({bytes.size()});
    return ok();
}

Error Incoming::direct_failed(Error error) {
    writer_->direct_failed();
    return with_room(std::move(error));
}

Result<void> Incoming::move_to_staging() {
    auto staged = blobs_.stage(staging_id_);
    if (!staged) {
        return std::move(staged).error();
    }
    auto placed = writer_->commit();
    if (!placed) {
        return std::move(placed).error();
    }
    std::vector<std::byte> piece(256 * 1024);
    for (std::uint64_t at = 0; at < length_.value; at += piece.size()) {
        const std::span part(
            piece.data(), std::min<std::uint64_t>(piece.size(), length_.value - at)
        );
        if (auto read = blobs_.read(*placed, {at}, part); !read) {
            return read;
        }
        if (auto copied = (*staged)->write(part); !copied) {
            return copied;
        }
    }
    writer_ = std::move(staged).value();
    // Only where it harms no neighbour: a range of the upload's own blob stays until that goes.
    return placed->blob.is_shared() ? blobs_.remove(*placed) : ok();
}

Result<Extent> Incoming::commit() {
    if (!writer_) {
        return Extent{};
    }
    auto extent = writer_->commit();
    return extent ? std::move(extent) : with_room(std::move(extent).error());
}

Error Incoming::with_room(Error error) const {
    if (error.code != ErrorCode::storage_full || !error.facts.empty()) {
        return error;
    }
    error.facts = std::to_string(length_.value) + " bytes of this call were written";
    if (const auto free = blobs_.free_space()) {
        error.facts += ", " + std::to_string(free->value) + " bytes are free";
    }
    error.facts += ". Nothing of this call was stored.";
    return error;
}

}  // namespace sluice
