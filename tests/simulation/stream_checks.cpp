// What must be true of a stream at any time.
#include <algorithm>
#include <set>
#include <span>

#include "checker.hpp"

namespace sluice::simulation {
namespace {

bool stands_in(const std::vector<std::byte>& content, const StreamModel::Piece& piece) {
    return piece.at <= content.size() && piece.bytes.size() <= content.size() - piece.at &&
           std::ranges::equal(
               piece.bytes, std::span(content).subspan(piece.at, piece.bytes.size())
           );
}

// How far it is what was sent and not refused, one piece behind the other.
std::uint64_t explained(const std::vector<std::byte>& content, const StreamModel& model) {
    std::set<std::uint64_t> ends{0};
    for (auto end = ends.begin(); end != ends.end(); ++end) {
        for (const auto& piece : model.sent) {
            if (piece.at == *end && piece.wish.is_possible() && stands_in(content, piece)) {
                ends.insert(piece.at + piece.bytes.size());
            }
        }
    }
    return *ends.rbegin();
}

}  // namespace

StreamModel& Checker::add(StreamModel model) {
    const MediaId id = model.id;
    const auto [place, is_new] = streams_.try_emplace(id, std::move(model));
    if (!is_new) {
        fail("an id was given twice: " + id.text());
    }
    return place->second;
}

std::optional<std::vector<std::byte>> Checker::content_of(MediaId id) {
    const auto row = journal_.rows().find_any(id);
    std::vector<std::byte> content;
    for (const auto& [index, segment] : row ? row->segments : SegmentMap()) {
        const auto bytes = bytes_at(segment.extent);
        if (!bytes) {
            return std::nullopt;
        }
        content.insert(content.end(), bytes->begin(), bytes->end());
    }
    return content;
}

void Checker::check_stream(const StreamModel& model, const UploadWithSegments& row) {
    const Upload& upload = row.upload;
    const std::string name = named(model.id) + " (" + std::string(name_of(upload.state)) + "): ";
    if (upload.state == UploadState::cancelled && !model.cancel.is_possible()) {
        fail(name + "nobody cancelled the stream");
    }
    if (model.cancel.acknowledged && upload.state != UploadState::cancelled) {
        fail(name + "the stream was cancelled");
    }
    if (upload.is_over() || journal_.doubts().is_unchecked(model.id).value()) {
        return;
    }
    if (model.is_complete && model.kind != UploadKind::part && upload.state == UploadState::open) {
        fail(name + "the stream was complete");
    }
    if (model.kind == UploadKind::joined) {
        if (model.is_complete && content_of(model.id) != model.joined) {
            fail(name + "what was joined is not its parts");
        }
        return;
    }
    if (upload.received.value < model.told) {
        fail(
            name + "its offset was told to be " + std::to_string(model.told) + " and is " +
            std::to_string(upload.received.value)
        );
    }
    std::vector<std::byte> content;
    std::uint16_t next = 0;
    for (const auto& [index, segment] : row.segments) {
        if (index.value != next++) {
            break;  // behind a gap that a loss has made: dropped when somebody looks
        }
        const auto bytes = bytes_at(segment.extent).value_or(std::vector<std::byte>());
        content.insert(content.end(), bytes.begin(), bytes.end());
    }
    if (const auto end = explained(content, model); end != content.size()) {
        fail(name + "bytes at " + std::to_string(end) + " were refused or never sent");
    }
    for (const auto& piece : model.sent) {
        if (!piece.wish.acknowledged) {
            continue;
        }
        if (!stands_in(content, piece)) {
            fail(name + "bytes at " + std::to_string(piece.at) + " were acknowledged and are lost");
        }
        tally_.acknowledged += piece.bytes.size();
    }
}

// What follows a gap is of no use to a stream; only a loss that was allowed may have made one.
void Checker::dropped_of(
    StreamModel& model, const UploadWithSegments& before, const std::vector<SegmentIndex>& indexes
) {
    std::uint64_t at = 0;
    std::uint16_t next = 0;
    for (const auto& [index, segment] : before.segments) {
        if (index.value != next++) {
            return;  // behind a gap
        }
        const bool is_dropped = std::ranges::find(indexes, index) != indexes.end();
        if (is_dropped && !is_strict_ && disk_.has_lost_pages(segment.extent)) {
            model.doubt_all();
            return;
        }
        const bool was_told = std::ranges::any_of(model.sent, [at, &segment](const auto& piece) {
            return piece.at >= at && piece.at < at + segment.extent.length.value &&
                   piece.wish.acknowledged;
        });
        if (is_dropped && was_told) {
            fail(
                named(model.id) + ": bytes at " + std::to_string(at) +
                " were acknowledged and dropped"
            );
        }
        at += segment.extent.length.value;
    }
}

}  // namespace sluice::simulation
