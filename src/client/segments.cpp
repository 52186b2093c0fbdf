#include "client/segments.hpp"

#include <algorithm>
#include <thread>

namespace sluice::client {

std::uint32_t SegmentPlan::count() const {
    return static_cast<std::uint32_t>((total + chunk_size - 1) / chunk_size);
}

std::uint64_t SegmentPlan::length_of(std::uint32_t index) const {
    return std::min(chunk_size, total - offset_of(index));
}

std::uint64_t SegmentPlan::bytes_of(const std::set<std::uint32_t>& indexes) const {
    std::uint64_t bytes = 0;
    for (const auto index : indexes) {
        bytes += index < count() ? length_of(index) : 0;
    }
    return bytes;
}

SegmentPlan plan_segments(std::uint64_t total, std::uint64_t chunk_wanted) {
    constexpr std::uint64_t usual = 4U << 20;
    const auto least = (total + segments_max - 1) / segments_max;
    return {
        .total = total, .chunk_size = std::max(chunk_wanted == 0 ? usual : chunk_wanted, least)
    };
}

SegmentSender::SegmentSender(Parts parts, SegmentPlan plan, ResumeState& state)
    : parts_(std::move(parts)), plan_(plan), state_(state) {
    for (auto index = plan.count(); index-- > 0;) {
        if (!state.acknowledged.contains(index)) {
            waiting_.push_back(index);
        }
    }
}

// This thread is one of them; returns when all have ended.
void SegmentSender::work_in_parallel() {
    const auto count = std::clamp<std::size_t>(waiting_.size(), 1, parts_.parallel);
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < count; ++i) {
        threads.emplace_back([this] { work(); });
    }
    work();
}

Outcome<void> SegmentSender::send() {
    work_in_parallel();
    if (failure_) {
        return *failure_;
    }
    if (was_late_) {
        return Failure{.kind = FailureKind::timeout, .code = "timeout", .message = "out of time"};
    }
    return {};
}

void SegmentSender::work() {
    while (const auto index = next_index()) {
        const auto slice = FileSlice{
            .fd = parts_.file.fd(),
            .offset = plan_.offset_of(*index),
            .length = plan_.length_of(*index)
        };
        auto request = parts_.dialect.append(state_.media_id, *index, slice);
        const auto name = "APPEND " + std::to_string(*index);
        const auto answer =
            parts_.caller.call(name, std::move(request), [this] { return goes_on(); });
        if (!answer) {
            fail(answer.error());
            return;
        }
        acknowledge(*index);
    }
}

std::optional<std::uint32_t> SegmentSender::next_index() {
    const std::lock_guard lock(mutex_);
    if (failure_ || waiting_.empty()) {
        return std::nullopt;
    }
    if (was_late_ || parts_.is_late()) {
        was_late_ = true;
        return std::nullopt;
    }
    const auto index = waiting_.back();
    waiting_.pop_back();
    return index;
}

bool SegmentSender::goes_on() {
    const std::lock_guard lock(mutex_);
    was_late_ = was_late_ || parts_.is_late();
    return !failure_ && !was_late_;
}

void SegmentSender::acknowledge(std::uint32_t index) {
    const std::lock_guard lock(mutex_);
    state_.acknowledged.insert(index);
    // A state that cannot be saved costs a later resume, not this upload.
    static_cast<void>(parts_.store.save(parts_.key, state_));
    parts_.caller.tell(Acknowledged{
        .index = index,
        .bytes_total = plan_.total,
        .bytes_acknowledged = plan_.bytes_of(state_.acknowledged)
    });
}

void SegmentSender::fail(Failure failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
        failure_ = std::move(failure);
    }
}

}  // namespace sluice::client
