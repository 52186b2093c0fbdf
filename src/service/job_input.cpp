// The input of a job as a local file. Bytes that came over a network, perhaps by plain http, are
// compared with what they were when they were uploaded: a bit that changed on the way must not become
// a wrong picture.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.hpp"
#include "base/file_checksum.hpp"
#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "service/jobs.hpp"

namespace sluice {
namespace {

constexpr int fetches_max = 3;

std::uint32_t checksum_of(const SegmentMap& segments) {
    std::uint32_t crc = 0;
    for (const auto& [index, segment] : segments) {
        crc = crc32c_joined(crc, segment.crc32c, segment.extent.length.value);
    }
    return crc;
}

Result<std::uint32_t> checksum_of_file(
    const std::string& path, const std::function<Result<void>()>& between
) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    return file ? crc32c_of_file(file.get(), between) : system_error(errno, "open " + path);
}

}  // namespace

Result<std::string> Jobs::input_of(const LeasedJob& job, const std::string& scratch) {
    auto beaten_at = clock_.now();
    const auto between = [this, &job, &beaten_at] { return stay_alive(job, {0}, beaten_at); };
    for (int made = 0; made < fetches_max; ++made) {
        auto path = blobs_.fetch(job.layout, scratch, between);
        const bool came_from_elsewhere = blobs_.read_ahead().value > 0;
        if (!path || !came_from_elsewhere) {
            return path;
        }
        const auto found = metadata_.find_with_segments(job.upload.owner, job.upload.id);
        const auto crc = checksum_of_file(scratch, between);
        if (!found || !crc) {
            return found ? crc.error() : found.error();
        }
        if (*crc == checksum_of(found->segments)) {
            return path;
        }
        log::warning(
            "input_differs",
            "what was fetched for a job is not what was uploaded",
            {{"media_id", job.upload.id.text()}}
        );
        ::unlink(scratch.c_str());
    }
    return Error{.code = ErrorCode::storage_failed, .detail = "the checksum of the input differs"};
}

}  // namespace sluice
