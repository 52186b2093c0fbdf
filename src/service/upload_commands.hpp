// What goes into the use cases of an upload and what comes out of them. Values.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/output.hpp"
#include "core/upload.hpp"
#include "core/usage.hpp"
#include "service/admission.hpp"

namespace sluice {

// Fields may stand behind the media: the length of a body promises so much too much.
inline constexpr ByteCount fields_bytes_max{64 * 1024};

struct UploadLimits {
    ByteCount upload_bytes_max{16ULL << 30};  // total_bytes of any upload; X's schema ends here
    ByteCount segment_bytes_max{
        64ULL << 20
    };  // of one APPEND; X documents 5 MB, which is too little for 16 GiB
    ByteCount one_shot_bytes_max{64ULL << 20};
    // Of media in any one call.
    ByteCount call_bytes_max() const { return std::max(segment_bytes_max, one_shot_bytes_max); }
    // More than any call takes, fields set aside.
    bool is_hopeless(ByteCount expected) const {
        return expected.value > call_bytes_max().value + fields_bytes_max.value;
    }
    bool amplify_video =
        true;  // whether that category may be used; X asks for the right to advertise
    std::chrono::seconds lifetime{86400
    };  // an upload that nobody finishes goes after this; X's figure
    ByteCount reserve{4ULL << 20};             // of the disk: promised to nobody
    Quota quota{.uploads_open_max = 100'000};  // of each principal
};

struct CreateUpload {
    Principal owner;
    std::string category;  // as received; empty: not given
    std::string media_type;
    std::string file_name;
    ByteCount total;
    std::vector<std::uint64_t> additional_owners = {};  // X's numbers of users
    bool is_shared = false;  // a direct message's media may be used in several
    // v2's INIT gives amplify_video fifteen times the usual life (reference 2.1).
    bool ads_live_longer = false;
    const Admission* admission = nullptr;  // asked last; none: nobody is
    std::string idempotency_key = {};      // of the caller; empty: the call is not to be repeated
    // X takes less of what has no category, and says so.
    bool as_x = false;
    std::string_view protocol = {};   // Upload::protocol
    bool* was_made_before = nullptr;  // set if the answer is that of an earlier call
};

// A digest as it came beside the bytes: hexadecimal or base64 of an MD5.
struct SentDigest {
    std::string name;  // "segment_md5"
    std::string text;
    std::string also_fits = {};  // hexadecimal: another thing that the same name may be a digest of
};

struct AppendTarget {
    Principal owner;
    MediaId id;
    SegmentIndex index;
    // What the request seems to promise; nothing if it does not say.
    std::optional<ByteCount> length_expected;
    const Admission* admission = nullptr;
    // Of the segment's bytes, if the caller sent any: each must fit.
    std::vector<SentDigest> digests = {};
    // X takes any bytes here and notices at FINALIZE, or while it processes.
    bool as_x = false;
};

struct FinishOptions {
    // Digest of the whole file, hexadecimal or base64: it is read and compared if given. Then this
    // is work for the bulk pool.
    std::string original_md5 = {};
    // What X notices only while it processes is not refused here, and what X refuses here is.
    bool as_x = false;
    const Admission* admission = nullptr;
};

struct UploadStatus {
    Upload upload;
    std::optional<std::chrono::seconds> check_after;  // only while queued or processing
    bool as_x = false;                                // shown as X shows it, without what is ours
};

struct UploadDetails {
    UploadStatus status;
    SegmentGaps gaps;
    std::vector<Output> outputs;
};

// Which uploads are listed: newest first, below `before` (0: from the newest).
struct UploadQuery {
    std::optional<Principal> owner;  // nothing: everybody's
    MediaId before;
    std::uint32_t count_max = 25;
    std::vector<UploadState> states = {};  // empty: any
    std::string text = {};                 // in the file's name or the id, in any case

    bool takes(const Upload& upload) const;
};

struct UploadList {
    std::vector<UploadDetails> uploads;
    // Where the next page begins; nothing: this was the last. A page may be short, or empty, and not
    // be the last.
    std::optional<MediaId> next;
};

// Something to deliver: the original or an output.
struct SegmentSum {
    ByteCount length;
    std::uint32_t crc32c = 0;
};
struct Delivered {
    std::vector<Extent> layout;
    std::vector<SegmentSum>
        sums;  // of the segments of the original, or of the whole; none if it is not known
    ByteCount size;
    std::string content_type;
    std::string file_name;  // of the original, as its owner called it; may be empty
    std::string tag;        // unique for these bytes
    bool is_original = false;
    WallTime changed_at;
    // Of a file that names others: its content, instead of the layout. It may change.
    std::optional<std::string> text;
    bool is_of_subtitles = false;  // that text: it names the captions of another upload
    bool is_final = true;          // false: it may be made again under the same name
};

}  // namespace sluice
