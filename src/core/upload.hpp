// An upload: the one value that every protocol is a view of. Pure; no I/O, no clock of its own.
//
// States, and what may be relied on in each
//   open        takes segments; received <= total; no job, no outputs
//   sealed      has all its bytes, durable; layout_of() covers exactly total bytes; nothing is added
//   queued      sealed, and a job waits for a worker
//   processing  sealed, and a worker holds the job's lease
//   ready       sealed; the outputs are durable and visible; final but for deletion and expiry
//   failed      processing said no; `failure` says why, in the words of the pipeline; as final
//   cancelled   the owner gave it up, or deleted it; its bytes are free to go; final
//   expired     nobody finished or claimed it in time; its bytes are free to go; final
//
// Transitions, each with the function and the use case that performs it
//   (none) -> open                      Upload::open   service: create
//   open -> open                        with_segment   service: append
//   open -> sealed                      sealed         service: finish
//   open -> sealed                      completed      service: streams
//   sealed -> queued                    queued         service: finish (same commit)
//   queued, processing -> processing    claimed        service: jobs, a slot takes it (or takes over)
//   processing -> processing            with_progress  service: jobs
//   processing -> queued                released       service: jobs, the worker died or the server stops
//   processing -> ready                 succeeded      service: jobs, the outputs are durable
//   processing -> failed                failed_with    service: jobs, the media or the tries are at fault
//   any but the ends, unchanged         kept           service: keep, no expiry any more
//   any but the ends -> cancelled       cancelled      service: cancel (of ready and failed: deletion); not of what is due
//   open, ready, failed -> expired      expired        service: sweep
//
// Invariants
//   1. received is the sum of the lengths of the segments, segments_received their number.
//   2. received <= total, always; sealed and later: received == total.
//   3. Only ready may be without its original: its segments then say what came, but no place.
//   4. Outputs exist only in ready, and those that can be used already in processing and in queued
//      after it; failure only in failed.
//   5. No transition leaves cancelled or expired; none leads back to open.
//   6. A segment, once in, is never replaced.
//   7. progress.percent never falls while processing, and is 100 only in ready.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "core/category.hpp"
#include "core/principal.hpp"
#include "core/processing.hpp"
#include "core/segment.hpp"
#include "core/stream.hpp"

namespace sluice {

enum class UploadState : std::uint8_t {
    open,
    sealed,
    queued,
    processing,
    ready,
    failed,
    cancelled,
    expired,
};

std::string_view name_of(UploadState state);
std::optional<UploadState> parse_upload_state(std::string_view text);

// The expiry of what is kept: the last time that RFC 3339 can write.
inline constexpr WallTime never{std::chrono::milliseconds{253'402'300'799'000}};

struct NewUpload {
    MediaId id;
    Principal owner;
    Category category;
    bool category_given = true;
    std::string media_type;     // as declared; may be empty
    std::string file_name;      // as declared, for display; may be empty
    std::string protocol = {};  // that makes it: "x1", "x2", "tus", …; for people and metrics
    ByteCount total;
    bool one_shot = false;
    WallTime now;
    std::chrono::seconds lifetime;
    StreamFacts stream = {};
};

struct Upload {
    MediaId id;
    Principal owner;
    Category category = Category::tweet_image;
    bool category_given = true;
    std::string media_type;
    std::string file_name;
    std::string protocol;  // empty: made before it was kept
    ByteCount total;
    bool one_shot = false;
    StreamFacts stream = {};

    UploadState state = UploadState::open;
    ByteCount received;
    std::uint32_t segments_received = 0;
    std::optional<ByteCount> stride;  // length of the segments that are not the last, once seen
    Progress progress;
    Content content;
    std::optional<ProcessingFailure> failure;
    int attempts = 0;          // how often a worker has begun
    bool has_original = true;  // false: only what was made of it is there

    WallTime created_at;
    std::optional<WallTime> finalized_at;  // when it was sealed; nothing of rows from before that
    WallTime changed_at;
    WallTime expires_at;

    bool operator==(const Upload&) const = default;

    static Upload open(NewUpload wanted);

    // Errors: already_finalized, media_expired, media_canceled, segment_index_range,
    // beyond_total_bytes. A segment that is there already is the caller's to compare
    // (segment_conflict or a repeated success).
    Result<void> admits(SegmentIndex index, ByteCount length, WallTime now) const;
    Result<Upload> with_segment(const Segment& segment, WallTime now) const;
    // Errors: nothing_appended, segment_missing, size_mismatch; in later states already_finalized.
    Result<Upload> sealed(const SegmentMap& segments, WallTime now) const;
    Result<Upload> completed(WallTime now) const;  // a stream: no FINALIZE will come, no expiry
    Result<Upload> queued(WallTime now) const;
    Result<Upload> claimed(WallTime now) const;
    Result<Upload> released(WallTime now) const;
    Result<Upload> with_progress(Progress measured, WallTime now) const;
    Result<Upload> succeeded(Content found, WallTime now) const;
    Upload without_original() const;  // precondition: ready
    Result<Upload> failed_with(ProcessingFailure why, WallTime now) const;
    // The application has claimed the media: no expiry. media_expired if its time has ended already.
    Result<Upload> kept(WallTime now) const;
    // The same for what lives as long as another upload does, though its own time is over.
    Result<Upload> kept_by_another(WallTime now) const;
    Result<Upload> cancelled(WallTime now) const;
    Result<Upload> expired(WallTime now) const;

    bool is_over() const;             // cancelled or expired
    bool is_due(WallTime now) const;  // in a state that expires, and its time is over
    bool has_all_bytes() const;       // sealed, queued, processing, ready or failed
    bool may_have_outputs() const;    // ready, or on the way there
    std::string media_key() const;    // "7_1349803915521482754"
};

// media_expired or media_canceled, with when and how far; an open one whose time is over is expired.
Error gone(const Upload& upload);

// "7_1349…" -> the id; nothing if it is not a key.
std::optional<MediaId> parse_media_key(std::string_view text);

}  // namespace sluice
