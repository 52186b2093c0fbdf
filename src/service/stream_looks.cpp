// What is there of a stream, for whoever asks and for whoever goes on with it.
#include "base/digest.hpp"
#include "service/checked_load.hpp"
#include "service/doubts.hpp"
#include "service/peers.hpp"
#include "service/read_pieces.hpp"
#include "service/refusals.hpp"
#include "service/streams.hpp"
#include "service/waiting_joins.hpp"

namespace sluice {
namespace {

// How long a look waits for bytes that are being stored.
constexpr std::chrono::milliseconds settle_patience{500};

// How long other nodes have to say that they feed a stream.
constexpr std::chrono::milliseconds feeding_patience{2'000};

// Its segments come in any order: what stands behind a gap is no loss.
Error by_segments(const Upload& upload) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts =
            "Upload " + upload.id.text() +
            " comes as numbered segments (APPEND, then FINALIZE), and not as one stream: go on "
            "there.",
        .media_id = upload.id.value,
    };
}

Result<std::uint32_t> crc_of(BlobStore& blobs, const Extent& extent) {
    std::uint32_t crc = 0;
    auto read = read_pieces(blobs, {extent}, [&crc](std::span<const std::byte> bytes) {
        crc = crc32c(bytes, crc);
    });
    return read ? Result<std::uint32_t>(crc) : std::move(read).error();
}

void after_cancel(const UploadServices& services, Uploads& uploads, const Upload& cancelled) {
    if (services.peers != nullptr) {
        services.peers->tell_stream_over(cancelled.id);
    }
    if (cancelled.stream.kind == UploadKind::part) {
        cancel_waiting(services.metadata, uploads, cancelled.owner, cancelled.id);
    }
}

}  // namespace

std::uint64_t Streams::drops_so_far() const {
    return services_.doubts == nullptr ? 0 : services_.doubts->drops();
}

// Lost bytes are seen only by looking at all of them; usually there is nothing to look for.
bool Streams::is_known_whole(MediaId id) {
    // Another node may have found some lost since.
    const bool is_doubted = services_.peers != nullptr ||
                            (services_.doubts != nullptr && services_.doubts->may_doubt(id));
    return !is_doubted && whole_.has(id, drops_so_far());
}

Result<UploadWithSegments> Streams::load(const Principal& owner, MediaId id) {
    const auto drops = drops_so_far();
    auto found = load_for_change(services_, owner, id);
    if (!found) {
        return uploads_.refused(owner, std::move(found).error(), id);
    }
    const Upload& upload = found->upload;
    if (uploads_.is_gone(upload)) {
        return gone(upload);
    }
    if (upload.stream.kind == UploadKind::segments && upload.state == UploadState::open) {
        return by_segments(upload);
    }
    const SegmentGaps gaps = gaps_of(found->segments);
    if (gaps.missing.empty() || upload.state != UploadState::open) {
        whole_.add(id, drops);
        return found;
    }
    // Bytes in the middle were lost (an unclean stop): what follows them is of no use any more.
    std::vector<SegmentIndex> behind;
    for (const auto& [index, segment] : found->segments) {
        if (index > gaps.missing.front()) {
            behind.push_back(index);
        }
    }
    if (auto dropped = services_.metadata.drop_segments(id, behind, services_.clock.now());
        !dropped) {
        return std::move(dropped).error();
    }
    return services_.metadata.find_with_segments(owner, id);
}

Result<Upload> Streams::find(const Principal& owner, MediaId id) {
    const bool is_whole = is_known_whole(id);
    auto found = services_.metadata.find(owner, id);
    if (!found) {
        return uploads_.refused(owner, std::move(found).error(), id);
    }
    if (uploads_.is_gone(*found)) {
        return gone(*found);
    }
    if (found->state == UploadState::open && found->stream.kind == UploadKind::segments) {
        return by_segments(*found);
    }
    // Asked again: bytes may have been dropped between the question and the look.
    if (found->state != UploadState::open || (is_whole && is_known_whole(id))) {
        return found;
    }
    auto whole = load(owner, id);
    if (!whole) {
        return std::move(whole).error();
    }
    return std::move(whole->upload);
}

Result<Upload> Streams::find_for_change(const Principal& owner, MediaId id) {
    auto found = find(owner, id);
    if (found && services_.doubts != nullptr && found->state == UploadState::open) {
        if (auto refusal = services_.doubts->refusal_of(id)) {
            return *std::move(refusal);
        }
    }
    return found;
}

Result<Upload> Streams::find_settled(const Principal& owner, MediaId id) {
    leases_.settle(id, settle_patience);
    if (services_.peers != nullptr) {
        services_.peers->settle_stream(id, settle_patience);
    }
    return find(owner, id);
}

Result<bool> Streams::begins_with(const Upload& upload, ByteCount length, std::uint32_t crc) {
    const auto found = services_.metadata.find_with_segments(upload.owner, upload.id);
    if (!found) {
        return uploads_.refused(upload.owner, found.error(), upload.id);
    }
    std::uint32_t there = 0;
    ByteCount at;
    for (const auto& [index, segment] : found->segments) {
        const ByteCount left = length - at;
        if (left.value == 0) {
            break;
        }
        if (left < segment.extent.length) {
            if (!found->upload.has_original) {
                return true;
            }
            auto rest = crc_of(services_.blobs, {segment.extent.blob, segment.extent.offset, left});
            if (!rest) {
                return std::move(rest).error();
            }
            there = crc32c_joined(there, *rest, left.value);
            at = length;
            break;
        }
        there = crc32c_joined(there, segment.crc32c, segment.extent.length.value);
        at += segment.extent.length;
    }
    return at == length && there == crc;
}

bool Streams::is_fed(MediaId id) {
    return leases_.is_held(id) || (services_.peers != nullptr &&
                                   !services_.peers->running_appends(id, feeding_patience).empty());
}

Result<Upload> Streams::cancel(const Principal& owner, MediaId id) {
    auto found = find(owner, id);
    return found ? cancel_any(owner, id) : std::move(found);
}

Result<Upload> Streams::cancel_any(const Principal& owner, MediaId id) {
    if (!services_.metadata.find(owner, id)) {
        return uploads_.cancel(
            owner, id
        );  // it is not theirs: they do not wait for whoever sends to it
    }
    auto cancelled = leases_.end_by(id, [&] { return uploads_.cancel(owner, id); });
    if (cancelled && cancelled->stream.kind != UploadKind::segments) {
        after_cancel(services_, uploads_, *cancelled);
    }
    return cancelled;
}

Result<void> Streams::cancel_open(const Principal& owner, MediaId id) {
    constexpr int tries = 5;
    for (int i = 0; i < tries; ++i) {
        const auto found = find(owner, id);
        if (!found || found->state != UploadState::open) {
            return ok();
        }
        const auto cancelled = found->cancelled(services_.clock.now());
        if (!cancelled) {
            return ok();
        }
        auto changed = leases_.end_by(id, [&] {
            return services_.metadata.change(*cancelled, UploadState::open, std::nullopt);
        });
        if (changed) {
            after_cancel(services_, uploads_, *cancelled);
        }
        // A conflict: a request has stored some more, or has completed it.
        if (changed || changed.error().code != ErrorCode::store_conflict) {
            return changed;
        }
    }
    return ok();
}

}  // namespace sluice
