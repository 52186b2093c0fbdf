// Fsck: compares what the metadata says with what the disk has, upload by upload, and the files with
// what the metadata knows. For `sluice fsck`, while no server runs: nothing else writes. Blocking;
// reads every byte of every segment.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "store/blob_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

struct FsckProblem {
    // segment_missing, segment_too_short, segment_differs, segment_unreadable, and the same of output_; pack_unreadable,
    // sums_wrong, layout_wrong, orphan_file, orphan_bytes, extents_overlap.
    std::string kind;
    MediaId upload;  // 0: none
    std::string facts;
    bool is_repaired = false;
};

struct FsckCounts {
    std::uint64_t uploads = 0;
    std::uint64_t segments = 0;
    std::uint64_t outputs = 0;
    std::uint64_t bytes = 0;  // of segments, read and compared
    std::uint64_t files = 0;
    std::uint64_t packs = 0;  // blobs that many uploads share
    std::uint64_t problems = 0;
    std::uint64_t repaired = 0;
};

class Fsck {
  public:
    using Report = std::function<void(const FsckProblem&)>;
    // Every file of the blob store, and when it was last changed.
    using VisitFile = std::function<bool(BlobId, WallTime)>;
    using EachFile = std::function<Result<void>(const VisitFile&)>;
    // Every blob that many uploads share, and where there are bytes in it, or why nobody can tell.
    using VisitPack = std::function<Result<void>(BlobId, const Result<SharedBlobContent>&)>;
    using EachPack = std::function<Result<void>(const VisitPack&)>;

    struct Repair {
        bool is_wanted = false;
        WallTime orphans_before;  // younger ones stay
    };

    Fsck(MetadataStore& metadata, BlobStore& blobs, WallTime now, Repair repair, Report report)
        : metadata_(metadata),
          blobs_(blobs),
          now_(now),
          repair_(repair),
          report_(std::move(report)) {}

    // All of it; what of it cannot be read is told as a problem. An Error: the database, or a storage elsewhere, is
    // away, and nothing is said of the rest.
    Result<FsckCounts> run(const EachFile& each_file, const EachPack& each_pack);

  private:
    Result<void> check_all();
    Result<void> check_each(const std::vector<Upload>& uploads);
    Result<void> check(const Upload& upload);
    Result<void> check_segments(const UploadWithSegments& found);
    Result<void> check_segment(const UploadWithSegments& found, const Segment& segment);
    void check_sums(const UploadWithSegments& found);
    Result<void> check_outputs(const Upload& upload);
    Result<void> check_output(MediaId upload, const Output& output);
    void check_file(BlobId blob, WallTime changed_at);
    Result<void> check_pack(const SharedBlobContent& pack);
    void check_orphans_in(const SharedBlobContent& pack, const std::vector<Extent>& orphans);
    void tell(FsckProblem problem);
    Result<void> tell_unreadable(FsckProblem problem, const Error& error);

    MetadataStore& metadata_;
    BlobStore& blobs_;
    const WallTime now_;
    const Repair repair_;
    const Report report_;
    FsckCounts counts_;
    int unanswered_ = 0;  // reads that the storage did not answer, one right after the other
    // Of what is recorded in packs, by blob and offset: where there are no bytes.
    std::set<std::pair<BlobId, std::uint64_t>> holes_;
};

}  // namespace sluice
