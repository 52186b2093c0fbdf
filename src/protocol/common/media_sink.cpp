#include "protocol/common/media_sink.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/mistaken_content.hpp"
#include "runtime/bulk_turn.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

constexpr std::array<std::string_view, 2> media_names{"media", "media_data"};

// The caller's mistakes; a disk that is full is no matter of the order of judgement.
bool is_about_the_media(ErrorCode code) {
    return code == ErrorCode::base64_invalid || code == ErrorCode::segment_too_large ||
           code == ErrorCode::needs_chunked || code == ErrorCode::file_too_large;
}

}  // namespace

awaitable<Result<void>> MediaSink::begin(
    http::PartHead& head, bool is_base64, std::optional<ByteCount> length_expected
) {
    is_second_ = first_ > 0;
    came_ = 0;
    if (is_second_) {
        second_name_ = Rare<std::string>(head.name);
        co_return ok();
    }
    form_.media_name = head.name == media_names.front() ? media_names.front() : media_names.back();
    form_.file_name = std::move(head.file_name).value_or("");
    form_.part_type = std::move(head.content_type);
    form_.media.reset();
    decoding_.reset();
    if (is_base64) {
        decoding_ = Rare<Decoding>(Decoding{});
    }
    if (length_expected) {
        expected_ = ByteCount{is_base64 ? length_expected->value / 4 * 3 : length_expected->value};
    }
    co_return co_await open();
}

awaitable<Result<void>> MediaSink::open() {
    auto work = [this] { return open_(form_.parameters, expected_); };
    auto opened = co_await runtime::begin_here(context_.bulk, std::move(work));
    if (!opened) {
        co_return std::move(opened).error();
    }
    is_named_ = opened->is_named;
    form_.media.emplace(std::move(opened->incoming));
    while (!form_.media->prepare_more()) {
        co_await runtime::bulk_turn();
    }
    co_return ok();
}

void MediaSink::note(std::span<const std::byte> data) {
    came_ += data.size();
    if (!decoding_ || is_second_) {
        return;
    }
    std::string& start = decoding_->start;
    const std::size_t room = mistaken_content_bytes - start.size();
    start.append(reinterpret_cast<const char*>(data.data()), std::min(room, data.size()));
}

Result<void> MediaSink::write(std::span<const std::byte> data) {
    if (!decoding_) {
        return form_.media->write(data);
    }
    decoding_->decoded.clear();
    if (auto fed = decoding_->decoder.feed(data, decoding_->decoded); !fed) {
        return fed;
    }
    return form_.media->write(decoding_->decoded);
}

// No call takes as much as this body announces, whichever it turns out to be: the rest of it need not
// come.
bool MediaSink::is_hopeless() const {
    return expected_ && context_.uploads.limits().is_hopeless(*expected_);
}

// Text that is no base64 is looked at once more when all of it is there.
Result<void> MediaSink::refuse(Error error) {
    if (!is_about_the_media(error.code) || (is_named_ && error.code != ErrorCode::base64_invalid) ||
        is_hopeless()) {
        return error;
    }
    form_.media.reset();
    form_.media_refusal = std::move(error);
    return ok();
}

awaitable<Result<void>> MediaSink::take(std::span<const std::byte> data) {
    note(data);
    if (is_second_ || form_.media_refusal) {
        co_return ok();
    }
    auto written = co_await store(data);
    co_return written ? ok() : refuse(std::move(written).error());
}

awaitable<Result<void>> MediaSink::store(std::span<const std::byte> data) {
    if (auto settled = co_await direct_.settle(*form_.media); !settled) {
        co_return settled;
    }
    if (form_.media->is_quick({data.size()})) {
        co_return write(data);
    }
    auto work = [this, data] { return write(data); };
    co_return co_await runtime::run_blocking(context_.bulk, std::move(work));
}

std::optional<DirectRange> MediaSink::direct_range(std::size_t length) const {
    const bool is_stored = form_.media && !form_.media_refusal && !is_second_;
    return is_stored && !decoding_ ? direct_.range(*form_.media, length) : std::nullopt;
}

std::size_t MediaSink::would_take(std::size_t length, bool is_in_buffer, bool is_end) const {
    if (is_end || is_second_ || form_.media_refusal) {
        return length;
    }
    if (!is_in_buffer) {
        return 0;
    }
    const auto range = direct_range(length);
    const std::uint64_t beyond = range ? (range->at.value + length) % range->block : 0;
    return length - std::min<std::uint64_t>(length, beyond);
}

std::size_t MediaSink::phase() const {
    const auto range = direct_range(0);
    return range ? range->at.value % range->block : 0;
}

std::span<std::byte> MediaSink::memory() {
    const bool is_stored = form_.media && !form_.media_refusal && !is_second_;
    return is_stored && !decoding_ ? form_.media->memory() : std::span<std::byte>();
}

awaitable<Result<void>> MediaSink::take_piece(
    std::span<const std::byte> data, std::optional<runtime::BufferArena::Buffer>& buffer
) {
    note(data);
    if (is_second_ || form_.media_refusal) {
        co_return ok();
    }
    auto range = buffer ? direct_range(data.size()) : std::nullopt;
    auto written = range ? co_await direct_.write(*form_.media, *std::move(range), data, buffer)
                         : co_await store(data);
    co_return written ? ok() : refuse(std::move(written).error());
}

awaitable<Result<void>> MediaSink::settle() {
    if (!form_.media) {
        co_return ok();
    }
    auto settled = co_await direct_.settle(*form_.media);
    co_return settled ? ok() : refuse(std::move(settled).error());
}

void MediaSink::end_second() {
    if (came_ == 0) {
        return;  // an empty one beside it harms nobody
    }
    form_.media_twice = Error{
        .code = ErrorCode::media_twice,
        .facts = "\"" + std::string(form_.media_name) + "\" came with " + std::to_string(first_) +
                 " bytes and \"" + *second_name_ + "\" with " + std::to_string(came_) + ".",
    };
}

void MediaSink::explain_base64() {
    if (form_.media_refusal->code != ErrorCode::base64_invalid || !decoding_) {
        return;
    }
    const SentContent sent{decoding_->start, came_, true};  // all of the text that came
    if (auto mistaken = mistaken_base64(sent)) {
        form_.media_refusal = std::move(mistaken);
    }
}

awaitable<Result<void>> MediaSink::end() {
    if (is_second_) {
        end_second();
        co_return ok();
    }
    first_ = came_;
    if (form_.media) {
        if (auto settled = co_await direct_.settle(*form_.media); !settled) {
            co_return settled;
        }
    }
    if (decoding_ && !form_.media_refusal) {
        if (auto finished = decoding_->decoder.finish(); !finished) {
            form_.media.reset();
            form_.media_refusal = std::move(finished).error();
        }
    }
    if (form_.media_refusal) {
        explain_base64();
        co_return is_named_ ? Result<void>(*form_.media_refusal) : ok();
    }
    co_return ok();
}

awaitable<Result<void>> MediaSink::take_from_query(std::string_view name, std::string text) {
    http::PartHead head{
        .name = std::string(name), .file_name = {}, .content_type = {}, .is_base64 = false
    };
    if (auto begun = co_await begin(head, true, std::nullopt); !begun) {
        co_return begun;
    }
    if (auto taken = co_await take(std::as_bytes(std::span(text))); !taken) {
        co_return taken;
    }
    co_return co_await end();
}

bool has_query_media(const Parameters& parameters) {
    return std::ranges::any_of(media_names, [&](std::string_view name) {
        return !parameters.get(name).empty();
    });
}

awaitable<Result<void>> take_query_media(
    const Context& context, ReceivedForm& form, const OpenMedia& open
) {
    MediaSink sink(context, form, open);
    for (const std::string_view name : media_names) {
        std::string text(form.parameters.get(name));
        if (text.empty()) {
            continue;
        }
        form.parameters.remove(name);
        if (form.media && form.media->length().value > 0) {
            form.media_twice = Error{
                .code = ErrorCode::media_twice,
                .facts = "\"" + std::string(form.media_name) + "\" came with " +
                         std::to_string(form.media->length().value) + " bytes in the body and \"" +
                         std::string(name) + "\" with " + std::to_string(text.size()) +
                         " in the query.",
            };
            continue;
        }
        if (auto taken = co_await sink.take_from_query(name, std::move(text)); !taken) {
            co_return taken;
        }
    }
    co_return ok();
}

}  // namespace sluice::protocol
