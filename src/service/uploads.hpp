// The use cases of an upload: create, append, finish, status, cancel, deliver, sweep. The only place where core, stores and
// media meet. Plain blocking code, for any thread through run_blocking; no event loop, no HTTP.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/job.hpp"
#include "core/timeline.hpp"
#include "core/upload.hpp"
#include "service/in_flight.hpp"
#include "service/incoming.hpp"
#include "service/upload_commands.hpp"
#include "service/upload_services.hpp"

namespace sluice {

class Uploads {
  public:
    Uploads(UploadServices services, UploadLimits limits);

    // Errors: total_bytes_invalid, file_too_large, storage_full, what is wrong with the category …
    Result<Upload> create(const CreateUpload& wanted);
    // Where the bytes of a segment go while they come. Errors: media_unknown, already_finalized,
    // segment_index_range, beyond_total_bytes … whatever is known to be wrong before the body is read.
    Result<Incoming> begin_append(const AppendTarget& target);
    // The same for bytes that come before it is known what they are for.
    Result<Incoming> begin_unnamed();
    // Durable when this returns. The same bytes again are a success, others are segment_conflict.
    Result<Upload> finish_append(const AppendTarget& target, Incoming incoming);
    // What is wrong with an APPEND before its content is looked at.
    Result<void> check_append(const AppendTarget& target);

    // A file that comes in one call. `expected`: what the request promises, fields behind it
    // included. Errors: file_too_large, needs_chunked, as soon as they can be told.
    Result<Incoming> begin_whole(
        const CreateUpload& wanted, std::optional<ByteCount> expected = std::nullopt
    );
    Result<Upload> finish_whole(const CreateUpload& wanted, Incoming incoming);
    // What is wrong with category and type, whatever the content.
    Result<void> admits(const CreateUpload& wanted) const;

    // FINALIZE. Again: the state of now. Errors: nothing_appended, segment_missing, size_mismatch,
    // append_in_flight, media_unknown, media_expired, media_canceled; and what the first bytes and
    // the digests show: type_mismatch, base64_as_bytes, binary_as_text, segments_identical,
    // digest_mismatch. A refused upload stays open.
    Result<UploadStatus> finish(
        const Principal& owner, MediaId id, const FinishOptions& options = {}
    );

    // This and details() also for additional owners. Errors: finalize_missing with what is there
    // and what is not; media_unknown, media_expired, media_canceled.
    Result<UploadStatus> status(const Principal& owner, MediaId id);
    // What status() would say, if it is known without waiting for anything.
    std::optional<Result<UploadStatus>> status_at_once(const Principal&, MediaId, WallTime now);
    // In any state, with everything that hangs on it.
    Result<UploadDetails> details(const Principal& owner, MediaId id);
    Result<UploadList> list(const UploadQuery& query);

    // The application has claimed the media: it expires no more. media_expired if it is too late.
    Result<Upload> keep(const Principal& owner, MediaId id);
    Result<void> keep_all(const std::vector<MediaId>& ids);  // whoever owns them; all or none
    // Subtitles that no video has any more end with the video that had them.
    void drop_detached(const std::vector<SubtitleTrack>& tracks);
    // Ends an upload in any state; its bytes go with the next sweep.
    Result<Upload> cancel(const Principal& owner, MediaId id);

    // Errors: output_unknown, also for the original of somebody else (outputs too unless `for_all`).
    Result<Delivered> find_file(
        const Principal& reader, const std::string& media_key, const std::string& name, bool for_all
    );

    // One small step: expires what is due, removes bytes that nobody needs. Returns how many uploads.
    Result<std::uint32_t> sweep();

    BlobStore& blobs() { return services_.blobs; }
    const UploadLimits& limits() const { return limits_; }
    WallTime now() const { return services_.clock.now(); }
    // Over, or its time is, though the sweep has not come yet.
    bool is_gone(const Upload& upload) const;
    std::uint64_t next_id() { return services_.ids.next(); }  // of something that uses media
    const InFlight& appends_running() const { return in_flight_; }

  private:
    friend class Streams;
    // An id that the store does not have for this owner, in words that reveal nothing of others.
    Error refused(const Principal& owner, Error by_store, MediaId id) const;
    struct Checked {
        Category category;
        bool category_given;
    };
    Result<Checked> check(const CreateUpload& wanted) const;
    Result<void> check_room(ByteCount wanted, ByteCount least = {}) const;
    Result<Extent> commit_whole(Incoming& incoming);
    NewUpload new_upload(const CreateUpload& wanted, Checked checked);
    NewJob new_job(const Upload& upload, const std::vector<Extent>& layout);
    Incoming::Limit segment_limit() const;
    Incoming::Limit whole_limit(
        const CreateUpload& wanted,
        std::span<const std::byte> start,
        std::optional<ByteCount> expected
    ) const;
    Result<Incoming> stage(Incoming::Limit limit);
    std::unique_ptr<BlobWriter> place(const UploadWithSegments& found, const AppendTarget& target);
    Result<Upload> settle_repeated(const AppendTarget& target, const Segment& came);
    Result<Upload> add_segment(const Upload& upload, const Segment& came);
    Result<Upload> compare_stored(const AppendTarget& target, const Segment& came, bool& is_free);
    Result<bool> same_bytes(const Extent& left, const Extent& right);
    // The first bytes of what came, over as many extents as it takes.
    Result<std::vector<std::byte>> start_of(const SegmentMap& segments);
    Result<void> judge_content(
        const UploadWithSegments& found,
        std::span<const std::byte> start,
        const FinishOptions& options
    );
    Result<bool> are_identical(const SegmentMap& segments);
    Result<void> compare_digest(const UploadWithSegments& found, const std::string& wanted);
    // Adds what is to be seen around it: bytes under way (before `found` was read), other uploads, line ends.
    Error explain_shortfall(const UploadWithSegments& found, Error refused, RunningAppends running);
    std::string other_uploads_text(const Upload& upload, ErrorCode refused);
    bool all_end_in_line_ends(const SegmentMap& segments);
    struct Sealing;
    Result<UploadStatus> seal(Sealing it);
    Result<Upload> change_to(
        const Principal& owner, MediaId id, Result<Upload> (Upload::*transition)(WallTime) const
    );
    Result<UploadStatus> finish_overtaken(const Principal& owner, MediaId id);
    std::optional<std::chrono::milliseconds> time_left(const Upload& of);
    UploadStatus view(Upload upload);
    Result<UploadWithSegments> find_as(const Principal& reader, MediaId id);
    Result<void> share(const Upload& upload, const CreateUpload& wanted);
    HotOpen facts_of_open(const UploadWithSegments& found);
    std::optional<Error> open_at_once(const Principal& owner, MediaId, HotOpen, WallTime at) const;
    std::string refusal_to_expect(const UploadWithSegments& found);
    std::vector<TimelineEvent> telling_events(const Upload& upload) const;
    Error with_refused_appends(Error refused, const UploadWithSegments& found) const;
    Result<void> expire_due(std::uint32_t& touched);
    Result<void> clean_due(std::uint32_t& touched);
    Result<void> clean(MediaId id);

    UploadServices services_;
    UploadLimits limits_;
    InFlight in_flight_;
    std::set<MediaId> held_back_;  // the sweep's alone: what it could not clean in this pass
};

}  // namespace sluice
