#include "client/stream_sender.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/hmac.hpp"
#include "client/api.hpp"
#include "client/upload_failures.hpp"

namespace sluice::client {
namespace {

// So often the server may be asked where it stands without a byte of progress.
constexpr int looks_max = 5;

// The offsets differ, or an earlier call of ours still holds the upload.
bool asks_for_a_look(const Failure& failure) {
    return failure.status == 409 || failure.status == 423;
}

Failure elsewhere(const std::string& location) {
    return {
        .kind = FailureKind::other,
        .code = "location_elsewhere",
        .message = "the server sends the upload to another host: " + location,
        .hint = "Name that host with --server if it is the right one."
    };
}

std::string last_part_of(const std::string& url) {
    return url.substr(url.rfind('/') + 1);
}

}  // namespace

Outcome<void> StreamSender::create(const InitFacts& facts) {
    const StreamFacts wanted{
        .init = facts,
        .file_name = std::filesystem::path(parts_.file.path()).filename(),
        .idempotency_key = random_word(32)
    };
    const auto answer = parts_.caller.call("CREATE", parts_.dialect.create(wanted));
    if (!answer) {
        return answer.error();
    }
    if (answer->location.empty()) {
        return unreadable_answer("the creation");
    }
    const auto url = resolve_location(parts_.dialect.collection(), answer->location);
    if (!url) {
        return elsewhere(answer->location);
    }
    state_.url = *url;
    state_.media_id = answer->media_id.empty() ? last_part_of(*url) : answer->media_id;
    offset_ = 0;
    take(*answer);
    static_cast<void>(parts_.store.save(parts_.key, state_));
    return {};
}

Outcome<void> StreamSender::look() {
    const auto answer = parts_.caller.call("HEAD", parts_.dialect.look(state_.url));
    if (!answer) {
        return answer.error();
    }
    if (!answer->upload_offset || *answer->upload_offset > parts_.file.size()) {
        return unreadable_answer("HEAD");
    }
    take(*answer);
    return {};
}

void StreamSender::take(const HttpAnswer& answer) {
    offset_ = answer.upload_offset.value_or(offset_);
    if (answer.append_bytes_max.value_or(0) > 0) {
        piece_max_ = answer.append_bytes_max;
    }
    is_complete_ = is_complete_ || answer.upload_complete;
    is_at_sluice_ = is_at_sluice_ || !answer.media_id.empty();
}

bool StreamSender::is_done() const {
    return parts_.dialect.says_its_end() ? is_complete_ : offset_ == parts_.file.size();
}

Outcome<void> StreamSender::send() {
    int looks = 0;
    std::uint64_t furthest = 0;
    while (!is_done()) {
        looks = offset_ > furthest ? 0 : looks + 1;
        furthest = std::max(furthest, offset_);
        if (looks > looks_max) {
            return unreadable_answer("PATCH");  // accepted, and nothing came of it
        }
        if (auto sent = step(looks < looks_max); !sent) {
            return sent;
        }
    }
    return {};
}

Outcome<void> StreamSender::step(bool may_look) {
    if (!goes_on()) {
        return Failure{.kind = FailureKind::timeout, .code = "timeout", .message = "late"};
    }
    // Two halves of different files would be complete as any other upload is.
    if (parts_.file.has_changed()) {
        return changed_failure();
    }
    auto sent = send_piece();
    return sent || !may_look || !asks_for_a_look(sent.error()) ? std::move(sent) : look();
}

Outcome<void> StreamSender::send_piece() {
    const auto size = parts_.file.size();
    const FileSlice slice{
        .fd = parts_.file.fd(),
        .offset = offset_,
        .length = std::min({state_.chunk_size, piece_max_.value_or(size), size - offset_})
    };
    const auto end = slice.offset + slice.length;
    auto request = parts_.dialect.append(state_.url, slice, end == size);
    const auto name = "PATCH " + std::to_string(slice.offset);
    const auto answer = parts_.caller.call(name, std::move(request), [this] { return goes_on(); });
    if (!answer) {
        return answer.error();
    }
    offset_ = end;
    take(*answer);
    if (offset_ > size || offset_ < slice.offset) {
        return unreadable_answer(name);
    }
    parts_.caller.tell(
        Acknowledged{.index = pieces_++, .bytes_total = size, .bytes_acknowledged = offset_}
    );
    return {};
}

bool StreamSender::goes_on() {
    was_late_ = was_late_ || parts_.is_late();
    return !was_late_;
}

}  // namespace sluice::client
