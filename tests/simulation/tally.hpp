// Tally: what happened in the histories, counted. "Sometimes reached" stands beside "always true": a
// check that never met the situation it is for proves nothing, so the standard run demands that each
// of these was met.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sites.hpp"

namespace sluice::simulation {

enum class Seen : std::uint8_t {
    killed,
    power_lost,
    bytes_lost,
    bytes_torn,
    unsynced_bytes_kept,
    removed_file_came_back,
    records_lost,
    crash_between_bytes_and_record,
    crash_between_record_and_answer,
    crash_between_outputs_and_record,
    crash_in_recovery,
    orphan_removed,
    segment_dropped,
    upload_checked,
    fault_before,
    fault_after,
    disk_full,
    sync_failed,
    answer_lost,
    segment_stored,
    segment_repeated,
    segment_repeated_after_finalize,
    segment_conflict,
    segment_raced,
    segment_too_much,
    segment_abandoned,
    segment_placed,
    segment_staged,
    piece_packed,
    sync_shared,
    pack_sync_failed,
    pack_removed,
    orphan_bytes_freed,
    segment_digest_wrong,
    finalized,
    finalized_again,
    finalize_refused,
    finalize_raced,
    one_shot,
    status_before_finalize,
    status_at_once,
    original_read,
    output_read,
    cancelled,
    cancelled_while_processing,
    kept,
    expired,
    foreigner_refused,
    quota_refused,
    upload_replayed,
    replayed_after_no_answer,
    key_reused_refused,
    job_claimed,
    job_taken_over,
    job_playable,
    job_succeeded,
    job_failed,
    job_given_back,
    job_released,
    job_gave_up,
    lease_lost,
    stream_extended,
    stream_completed,
    stream_taken_over,
    stream_resumed,
    stream_refused,
    streams_joined,
    stream_growth_refused,
    count
};
inline constexpr std::size_t seen_count = static_cast<std::size_t>(Seen::count);

inline constexpr std::array<std::string_view, seen_count> seen_names{
    "killed",
    "power_lost",
    "bytes_lost",
    "bytes_torn",
    "unsynced_bytes_kept",
    "removed_file_came_back",
    "records_lost",
    "crash_between_bytes_and_record",
    "crash_between_record_and_answer",
    "crash_between_outputs_and_record",
    "crash_in_recovery",
    "orphan_removed",
    "segment_dropped",
    "upload_checked",
    "fault_before",
    "fault_after",
    "disk_full",
    "sync_failed",
    "answer_lost",
    "segment_stored",
    "segment_repeated",
    "segment_repeated_after_finalize",
    "segment_conflict",
    "segment_raced",
    "segment_too_much",
    "segment_abandoned",
    "segment_placed",
    "segment_staged",
    "piece_packed",
    "sync_shared",
    "pack_sync_failed",
    "pack_removed",
    "orphan_bytes_freed",
    "segment_digest_wrong",
    "finalized",
    "finalized_again",
    "finalize_refused",
    "finalize_raced",
    "one_shot",
    "status_before_finalize",
    "status_at_once",
    "original_read",
    "output_read",
    "cancelled",
    "cancelled_while_processing",
    "kept",
    "expired",
    "foreigner_refused",
    "quota_refused",
    "upload_replayed",
    "replayed_after_no_answer",
    "key_reused_refused",
    "job_claimed",
    "job_taken_over",
    "job_playable",
    "job_succeeded",
    "job_failed",
    "job_given_back",
    "job_released",
    "job_gave_up",
    "lease_lost",
    "stream_extended",
    "stream_completed",
    "stream_taken_over",
    "stream_resumed",
    "stream_refused",
    "streams_joined",
    "stream_growth_refused",
};

struct Tally {
    std::uint64_t histories = 0;
    std::uint64_t steps = 0;
    std::uint64_t calls = 0;
    std::uint64_t crashes = 0;
    std::uint64_t faults = 0;
    std::uint64_t bytes_checked = 0;
    std::uint64_t acknowledged = 0;  // bytes
    std::array<std::uint64_t, seen_count> seen{};
    std::array<std::uint64_t, site_count> crashes_at{};
    std::array<std::uint64_t, site_count> faults_at{};

    void saw(Seen what) { ++seen[static_cast<std::size_t>(what)]; }
    std::uint64_t times(Seen what) const { return seen[static_cast<std::size_t>(what)]; }

    void add(const Tally& other) {
        histories += other.histories;
        steps += other.steps;
        calls += other.calls;
        crashes += other.crashes;
        faults += other.faults;
        bytes_checked += other.bytes_checked;
        acknowledged += other.acknowledged;
        for (std::size_t i = 0; i < seen_count; ++i) {
            seen[i] += other.seen[i];
        }
        for (std::size_t i = 0; i < site_count; ++i) {
            crashes_at[i] += other.crashes_at[i];
            faults_at[i] += other.faults_at[i];
        }
    }
};

}  // namespace sluice::simulation
