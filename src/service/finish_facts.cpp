// What a FINALIZE that comes too early is told beside the bare numbers. Only refusals come here, so it
// may look around a little: at what is under way, and at the caller's other uploads.

#include <algorithm>
#include <array>
#include <chrono>

#include "core/shortfall.hpp"
#include "service/peers.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t others_looked_at = 200;
constexpr std::size_t others_named = 5;
constexpr std::size_t segments_looked_at = 8;
// For all of them: nobody waits longer for a hint.
constexpr std::chrono::milliseconds bytes_patience{1000};

bool may_be_cured_by_waiting(ErrorCode code) {
    return code == ErrorCode::segment_missing || code == ErrorCode::size_mismatch ||
           code == ErrorCode::nothing_appended;
}

std::string running_text(const RunningAppends& running) {
    std::string text;
    for (const InFlight::Running& one : running) {
        text += (text.empty() ? "" : ", ");
        text += one.index ? "segment " + std::to_string(one.index->value)
                          : std::string("one whose index is not known yet");
        text += " (" + std::to_string(one.so_far.value) + " bytes so far)";
    }
    return text;
}

Error in_flight(Error refused, const RunningAppends& running) {
    refused.code = ErrorCode::append_in_flight;
    refused.facts = std::to_string(running.size()) +
                    (running.size() == 1 ? " APPEND is" : " APPENDs are") +
                    " still being received: " + running_text(running) +
                    ". Send FINALIZE when each APPEND has its answer. " + refused.facts;
    refused.retry_after = std::chrono::seconds(1);
    return refused;
}

// What the caller's other open uploads say of this one.
struct Others {
    std::size_t like_this = 0;
    std::size_t named = 0;
    std::string filled;

    void add(const Upload& other, const Upload& upload) {
        const bool is_alike = other.total == upload.total && other.segments_received == 1;
        like_this += is_alike ? 1 : 0;
        if (other.received.value == 0 || named == others_named) {
            return;
        }
        ++named;
        filled += (filled.empty() ? "" : ", ") + other.id.text() + " (" +
                  std::to_string(other.received.value) + " of " +
                  std::to_string(other.total.value) + " bytes)";
    }
};

// INIT in the loop leaves one upload of the same size per segment.
std::string per_chunk_text(std::size_t count) {
    return " " + std::to_string(count) +
           (count == 1 ? " other open upload of yours has" : " other open uploads of yours have") +
           " the same announced size and one segment each: INIT belongs before the loop, once per "
           "file.";
}

}  // namespace

std::string Uploads::other_uploads_text(const Upload& upload, ErrorCode refused) {
    const auto page = services_.metadata.list(upload.owner, {}, others_looked_at);
    if (!page) {
        return {};
    }
    Others others;
    for (const Upload& other : page->uploads) {
        if (other.id != upload.id && other.state == UploadState::open) {
            others.add(other, upload);
        }
    }
    if (upload.segments_received <= 1 && others.like_this > 0) {
        return per_chunk_text(others.like_this);
    }
    if (refused != ErrorCode::nothing_appended) {
        return {};
    }
    return others.filled.empty()
               ? " No other open upload of yours has any bytes either."
               : " Other open uploads of yours did receive bytes: " + others.filled + ".";
}

bool Uploads::all_end_in_line_ends(const SegmentMap& segments) {
    constexpr std::array line_end{std::byte{'\r'}, std::byte{'\n'}};
    const auto until = std::chrono::steady_clock::now() + bytes_patience;
    std::size_t seen = 0;
    for (const auto& [index, segment] : segments) {
        const std::uint64_t length = segment.extent.length.value;
        std::array<std::byte, 2> end{};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        if (length < end.size() || left.count() <= 0) {
            return false;
        }
        const ByteOffset last{length - end.size()};
        if (!services_.blobs.read_within(left, segment.extent, last, end) || end != line_end) {
            return false;
        }
        if (++seen == segments_looked_at) {
            break;
        }
    }
    return seen > 1;
}

Error Uploads::explain_shortfall(
    const UploadWithSegments& found, Error refused, RunningAppends running
) {
    if (!may_be_cured_by_waiting(refused.code)) {
        return refused;
    }
    if (services_.peers != nullptr) {
        constexpr std::chrono::milliseconds patience{500};
        for (auto& elsewhere : services_.peers->running_appends(found.upload.id, patience)) {
            running.push_back(elsewhere);
        }
    }
    if (!running.empty()) {
        return in_flight(std::move(refused), running);
    }
    refused.facts += other_uploads_text(found.upload, refused.code);
    if (all_end_in_line_ends(found.segments)) {
        refused.facts +=
            " Each segment ends in CRLF: the multipart writer adds a line end to the data, 2 bytes "
            "per segment.";
    }
    return refused;
}

}  // namespace sluice
