#include "store/hot/hot_uploads.hpp"

#include <utility>

namespace sluice {
namespace {

// " STATUS was asked 1234567890 times before."
constexpr std::size_t times_asked_bytes = 56;

// Ids count up in steps that leave their low bits alike.
std::size_t spread(MediaId id) {
    return (id.value * 0x9E37'79B9'7F4A'7C15U) >> 58U;
}

bool may_be_claimed(const Upload& upload) {
    return upload.state == UploadState::queued || upload.state == UploadState::processing;
}

bool is_all_of_it(const HotUpload& hot) {
    const UploadState state = hot.upload.state;
    return state == UploadState::processing || state == UploadState::ready ||
           state == UploadState::failed || (state == UploadState::queued && hot.left);
}

}  // namespace

HotUploads::Shard& HotUploads::shard_of(MediaId id) {
    return shards_[spread(id)];
}
const HotUploads::Shard& HotUploads::shard_of(MediaId id) const {
    return shards_[spread(id)];
}

HotUploads::Found HotUploads::find_either(MediaId id, WallTime now) const {
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    Found found{.open = find_open_in(shard, id)};
    if (!found.open) {
        found.upload = find_in(shard, id, now);
    }
    return found;
}

std::optional<HotUpload> HotUploads::find_in(const Shard& shard, MediaId id, WallTime now) const {
    const auto at = shard.uploads.find(id.value);
    if (at == shard.uploads.end()) {
        return std::nullopt;
    }
    const HotUpload& hot = at->second;
    const bool is_claimed = claims_running_ > 0 && may_be_claimed(hot.upload);
    const bool is_old =
        hot.left && (now < hot.asked_at || now - hot.asked_at > HotUploads::queue_time(*hot.left));
    return is_claimed || is_old ? std::nullopt : std::optional(hot);
}

std::optional<HotUploads::Version> HotUploads::version_of(MediaId id) const {
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    return shard.writes_running > 0 || claims_running_ > 0 ? std::nullopt
                                                           : std::optional(shard.version);
}

void HotUploads::keep(HotUpload hot, std::optional<Version> seen) {
    if (!is_all_of_it(hot)) {
        return;
    }
    const MediaId id = hot.upload.id;
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (shard.is_outdated(seen) || claims_running_ > 0) {
        return;
    }
    if (shard.uploads.size() >= shard_max) {
        shard.uploads.clear();
    }
    shard.uploads.insert_or_assign(id.value, std::move(hot));
}

// No claim takes an open one.
std::optional<HotOpen> HotUploads::find_open_in(const Shard& shard, MediaId id) {
    const auto at = shard.open.find(id.value);
    if (at == shard.open.end()) {
        return std::nullopt;
    }
    const HotOpen& open = at->second;
    HotOpen copy{open.owner, open.expires_at, {}, open.asked};
    copy.facts.reserve(open.facts.size() + times_asked_bytes);  // is told behind it
    copy.facts = open.facts;
    return copy;
}

void HotUploads::keep_open(MediaId id, HotOpen hot, std::optional<Version> seen) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (shard.is_outdated(seen)) {
        return;
    }
    if (shard.open.size() >= shard_max) {
        shard.open.clear();
    }
    shard.open.insert_or_assign(id.value, std::move(hot));
}

void HotUploads::was_asked(const Principal& owner, MediaId id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    ++shard.version;  // who reads just now may not have seen it
    const auto at = shard.open.find(id.value);
    if (at != shard.open.end() && at->second.owner == owner) {
        ++at->second.asked;
    }
}

void HotUploads::forget_open(MediaId id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    ++shard.version;
    shard.open.erase(id.value);
}

HotUploads::Write::Write(HotUploads& of, MediaId id) : of_(of), id_(id) {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    ++shard.writes_running;
    shard.uploads.erase(id_.value);
    shard.open.erase(id_.value);
}

HotUploads::Write::~Write() {
    Shard& shard = of_.shard_of(id_);
    const std::lock_guard lock(shard.mutex);
    --shard.writes_running;
    ++shard.version;
}

HotUploads::Claim::Claim(HotUploads& of) : of_(of) {
    ++of_.claims_running_;
}
HotUploads::Claim::~Claim() {
    --of_.claims_running_;
}

void HotUploads::Claim::was_of(MediaId id) {
    const Write over(of_, id);
}

void HotUploads::Claim::was_of_all() {
    for (Shard& shard : of_.shards_) {
        const std::lock_guard lock(shard.mutex);
        shard.uploads.clear();
        ++shard.version;
    }
}

}  // namespace sluice
