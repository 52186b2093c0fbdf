#include "server/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace sluice::server {
namespace {

std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t pages_all = 0;
    std::int64_t pages_resident = 0;
    file >> pages_all >> pages_resident;
    return pages_resident * sysconf(_SC_PAGESIZE);
}

std::int64_t open_files() {
    std::error_code ignored;
    std::int64_t count = 0;
    for (auto at = std::filesystem::directory_iterator("/proc/self/fd", ignored);
         at != std::filesystem::directory_iterator();
         at.increment(ignored)) {
        ++count;
    }
    return count;
}

std::chrono::microseconds cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

void add_process_metrics(Metrics& metrics, MetadataStore& metadata, BlobStore& blobs) {
    metrics
        .gauge("sluice_build_info", "1, with the version as label", {{"version", SLUICE_VERSION}})
        .set(1);
    metrics.gauge("process_start_time_seconds", "When the process began, Unix time")
        .set(std::time(nullptr));
    Gauge& resident = metrics.gauge("process_resident_memory_bytes", "Resident memory");
    Gauge& files = metrics.gauge("process_open_fds", "Open file descriptors");
    TimeCounter& cpu = metrics.time_counter("process_cpu_seconds_total", "User and system time");
    Gauge& open = metrics.gauge("sluice_uploads_open", "Uploads that take bytes");
    Gauge& queued = metrics.gauge("sluice_jobs_queued", "Jobs that wait");
    // None where nobody knows: 0 would be an alarm.
    Gauge* free = blobs.free_space()
                      ? &metrics.gauge("sluice_storage_free_bytes", "Room on the disk")
                      : nullptr;
    metrics.before_text([&resident, &files, &cpu, &open, &queued, free, &metadata, &blobs] {
        resident.set(resident_bytes());
        files.set(open_files());
        cpu.set(cpu_time());
        if (const auto totals = metadata.totals()) {
            open.set(static_cast<std::int64_t>(totals->uploads_open));
            queued.set(static_cast<std::int64_t>(totals->jobs_queued));
        }
        if (const auto room = blobs.free_space(); room && free != nullptr) {
            free->set(static_cast<std::int64_t>(room->value));
        }
    });
}

}  // namespace sluice::server
