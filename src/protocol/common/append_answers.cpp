#include "protocol/common/append_answers.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::milliseconds look_pause{100};

std::string next_index(const UploadDetails& details) {
    const auto& missing = details.gaps.missing;
    const std::uint64_t next = missing.empty() ? details.status.upload.segments_received
                                               : std::uint64_t{missing.front().value};
    return " The next free index of this upload is " + std::to_string(next) + ".";
}

// The size that a segment must have for a thousand of them to hold the file.
std::string least_segment(const UploadDetails& details) {
    const Upload& upload = details.status.upload;
    const std::uint64_t indexes = segment_index_max + 1;
    std::string facts = " total_bytes is " + std::to_string(upload.total.value);
    if (upload.segments_received > 0) {
        facts += ", and the " + std::to_string(upload.segments_received) +
                 " segments that are there have " +
                 std::to_string(upload.received.value / upload.segments_received) +
                 " bytes on average";
    }
    return facts + ": segments of at least " +
           std::to_string((upload.total.value + indexes - 1) / indexes) +
           " bytes need no more than 1000 indexes.";
}

// The media was taken for a file in one call, since its command stood behind it.
bool is_about_size(ErrorCode code) {
    return code == ErrorCode::needs_chunked || code == ErrorCode::file_too_large;
}

Error above(const UploadLimits& limits) {
    return {
        .code = ErrorCode::segment_too_large,
        .facts = "More than " + std::to_string(limits.call_bytes_max().value) +
                 " bytes came, allowed are " + std::to_string(limits.segment_bytes_max.value) +
                 " in one APPEND.",
    };
}

}  // namespace

awaitable<Error> with_indexes(
    const Context& context, const Principal& owner, MediaId id, Error error
) {
    auto work = [&context, owner, id] { return context.uploads.details(owner, id); };
    const auto details = co_await runtime::run_blocking(context.reads, std::move(work));
    error.media_id = id.value;
    if (details) {
        error.facts += error.code == ErrorCode::segment_index_missing ? next_index(*details)
                                                                      : least_segment(*details);
    }
    co_return error;
}

awaitable<Result<Upload>> refuse_media(
    const Context& context, AppendTarget target, Error of_the_media
) {
    auto work = [&context, target = std::move(target)] {
        return context.uploads.check_append(target);
    };
    auto admitted = co_await runtime::run_blocking(context.reads, std::move(work));
    if (!admitted) {
        co_return std::move(admitted).error();
    }
    if (is_about_size(of_the_media.code)) {
        co_return above(context.uploads.limits());
    }
    co_return of_the_media;
}

std::vector<SentDigest> digests_of(const http::Request& request, const ReceivedForm& form) {
    std::vector<SentDigest> digests;
    if (const auto text = trim(form.parameters.get("segment_md5")); !text.empty()) {
        digests.push_back({"segment_md5", std::string(text)});
    }
    if (const auto text = request.header("Content-MD5")) {
        digests.push_back({"Content-MD5", std::string(*text), form.body_md5 ? *form.body_md5 : ""});
    }
    return digests;
}

awaitable<Result<void>> wait_for_the_same(
    const Context& context, const AppendTarget& target, const Incoming& mine
) {
    const auto first =
        context.uploads.appends_running().other_of(target.id, target.index, mine.token());
    if (!first) {
        co_return ok();
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    std::chrono::milliseconds waited{0};
    auto last = *first;
    auto before = *first;
    while (waited < context.same_segment_wait) {
        timer.expires_after(look_pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        waited += look_pause;
        const auto now =
            context.uploads.appends_running().other_of(target.id, target.index, mine.token());
        if (!now) {
            co_return ok();
        }
        // What it sent before may still be on its way to us in the first half.
        if (waited <= context.same_segment_wait / 2) {
            before = *now;
        }
        last = *now;
    }
    if (last.beats == before.beats) {
        co_return ok();
    }
    co_return Error{
        .code = ErrorCode::segment_in_flight,
        .facts = "Another connection is sending segment " + std::to_string(target.index.value) +
                 " of this upload, " + std::to_string(last.so_far.value) +
                 " bytes so far; yours had " + std::to_string(mine.length().value) +
                 ". Wait for its answer; the same bytes again are then answered as a success.",
        .media_id = target.id.value,
        .retry_after = std::chrono::seconds(1),
    };
}

}  // namespace sluice::protocol
