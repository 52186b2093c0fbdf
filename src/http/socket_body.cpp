#include "http/socket_body.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "runtime/bulk_turn.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

// What is left of a body when its pieces need no turn: a parameter, a little JSON, the end of a form.
constexpr std::uint64_t small_piece_bytes = 16 * 1024;
// What is left of a body that comes in many pieces.
constexpr std::uint64_t many_pieces_bytes = 512 * 1024;
constexpr std::chrono::milliseconds shortest_wait{1};

}  // namespace

SocketBody::SocketBody(
    Wire& wire,
    const Request& request,
    const ConnectionLimits& limits,
    const ConnectionBudget& budget
)
    : wire_(wire),
      takes_interim_(request.version_minor > 0),
      owes_continue_(request.expects_continue && request.has_body()),
      left_(request.content_length.value_or(0)),
      pace_(limits, budget),
      chunks_(request.is_chunked ? std::make_unique<ChunkedDecoder>() : nullptr) {}

SocketBody::~SocketBody() {
    wire_.wake();
}

bool SocketBody::is_done() const {
    return chunks_ ? chunks_->is_done() : left_ == 0;
}

std::optional<std::uint64_t> SocketBody::remaining() const {
    if (chunks_ && !chunks_->is_done()) {
        return std::nullopt;
    }
    return left_;
}

// Up to the next data: "100 Continue", the framing of a chunk, bytes, and the turn.
asio::awaitable<Result<void>> SocketBody::ready() {
    const bool is_prepared =
        !is_broken_ && !error_ahead_ && !client_waits() && !(chunks_ && chunks_->data_due() == 0);
    return is_prepared ? wait_for_data() : prepare();
}

asio::awaitable<Result<void>> SocketBody::prepare() {
    if (is_broken_ || (client_waits() && !co_await send_continue())) {
        co_return broken(truncated());
    }
    owes_continue_ = false;
    if (error_ahead_) {
        co_return broken(*error_ahead_);
    }
    if (is_framing_due()) {
        if (auto framing = co_await read_framing(); !framing) {
            co_return broken(std::move(framing).error());
        }
    }
    co_return co_await wait_for_data();
}

// Whoever stands still in a body stands here: one small frame, and no buffer.
asio::awaitable<Result<void>> SocketBody::wait_for_data() {
    owes_continue_ = false;
    if (is_done() || !wire_.buffered().empty()) {
        co_return ok();
    }
    if (due() >= many_pieces_bytes) {
        wire_.rest();
    }
    if (!std::exchange(has_arrived_, false) && !wire_.has_arrived()) {
        const auto begun = std::chrono::steady_clock::now();
        wire_.drop_buffer();
        wire_.start_deadline(std::max(limits().body - silent_, shortest_wait));
        co_await wire_.readable();
        if (auto judged = end_wait(begun); !judged) {
            co_return judged;
        }
    }
    // Chunks may be small and without end; here the buffer is used up.
    if (chunks_ || due() >= small_piece_bytes) {
        co_await runtime::bulk_turn(wire_.loop());
    }
    has_turn_ = true;
    co_return ok();
}

// Not inlined: the frame of wait_for_data() would have room for its variables.
[[gnu::noinline]] Result<void> SocketBody::end_wait(std::chrono::steady_clock::time_point begun) {
    wire_.stop_deadline();
    auto judged = wire_.is_overdue() ? Error{ErrorCode::request_timeout}
                                     : judge_progress(std::chrono::steady_clock::now() - begun);
    return judged ? ok() : Result<void>(broken(std::move(judged).error()));
}

Result<void> SocketBody::judge_progress(std::chrono::steady_clock::duration waited) {
    const auto seen = pace_.judge(waited, received_);
    if (!seen) {
        return ok();
    }
    return Error{
        .code = ErrorCode::request_timeout,
        .facts = std::to_string(seen->bytes) + " bytes of the body came in " +
                 std::to_string(std::chrono::ceil<std::chrono::seconds>(seen->span).count()) +
                 " seconds of waiting, at least " + std::to_string(limits().progress_bytes) +
                 " were expected, since more than half of the server's connections are in use; " +
                 std::to_string(received_) + " had come in all."
    };
}

asio::awaitable<Result<std::size_t>> SocketBody::read_some(std::span<std::byte> into) {
    if (into.empty()) {
        co_return 0;
    }
    if (is_broken_) {
        co_return truncated();
    }
    auto count = co_await read_data(into);
    if (!count) {
        co_return broken(std::move(count).error());
    }
    if (*count == 0) {
        co_return 0;
    }
    received_ += *count;
    silent_ = {};
    if (chunks_) {
        chunks_->data_taken(*count);
    } else {
        left_ -= *count;
    }
    co_return count;
}

// Of the data that is due; 0 at the end of the body. With overflow one call of the system brings the
// rest of a chunk and the framing behind it.
asio::awaitable<Result<std::size_t>> SocketBody::read_data(std::span<std::byte> into) {
    while (true) {
        if (!std::exchange(has_turn_, false)) {
            if (auto waited = co_await ready(); !waited) {
                co_return std::move(waited).error();
            }
            has_turn_ = false;
        }
        if (is_done()) {
            co_return 0;
        }
        const auto room = into.first(std::min<std::uint64_t>(into.size(), due()));
        if (const auto count = take_buffered(room); count > 0) {
            co_return count;
        }
        if (const auto count = wire_.take(room, chunks_ != nullptr)) {
            co_return *count > 0 ? Result<std::size_t>(*count) : truncated();
        }
    }
}

// Framing alone is nothing yet: whoever then read would wait with no limit but the connection's. What is
// waited for in pieces is waited for: it counts as in one wait.
asio::awaitable<bool> SocketBody::arrives_within(std::chrono::milliseconds patience) {
    if (has_turn_ || has_ended_ || is_broken_ || error_ahead_ || client_waits()) {
        co_return true;
    }
    auto begun = std::chrono::steady_clock::now();
    const auto ends = begun + patience;
    while (!is_framing_due() || eat_framing()) {
        if (is_done() || (!is_framing_due() && !wire_.buffered().empty())) {
            co_return true;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(ends - begun);
        const bool is_there =
            co_await wire_.arrives_within(std::max(left, std::chrono::milliseconds(0)));
        const auto waited = std::chrono::steady_clock::now() - begun;
        begun += waited;
        if (auto judged = judge_progress(waited); !judged) {
            error_ahead_ = std::move(judged).error();
            co_return true;
        }
        if (!is_there) {
            silent_ += std::chrono::ceil<std::chrono::milliseconds>(waited);
            co_return false;
        }
        if (!is_framing_due()) {
            has_arrived_ = true;
            co_return true;
        }
        if (const auto count = co_await wire_.fill(limits().body); !count || *count == 0) {
            has_ended_ = true;
            break;
        }
        silent_ = {};
    }
    co_return true;  // an error, or the end: the next read tells it
}

asio::awaitable<bool> SocketBody::send_continue() {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    return wire_.write(interim, {}, limits().write);
}

asio::awaitable<void> SocketBody::send_interim(std::string_view status, std::string_view fields) {
    if (!takes_interim_ || is_broken_) {
        co_return;
    }
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\n").append(fields).append("\r\n");
    // What was sent in part spoils the answer behind it.
    is_broken_ = !co_await wire_.write(text, {}, limits().write);
}

std::optional<std::string> SocketBody::trailer(std::string_view name) const {
    std::optional<std::string> joined;
    if (!chunks_) {
        return std::nullopt;
    }
    for (const HeaderField& field : chunks_->trailers()) {
        if (is_done() && equals_ignoring_case(field.name, name)) {
            joined = joined ? *joined + ", " + field.value : field.value;
        }
    }
    return joined;
}

asio::awaitable<Result<void>> SocketBody::read_framing() {
    while (true) {
        if (auto eaten = eat_framing(); !eaten || !is_framing_due()) {
            co_return eaten;
        }
        if (has_ended_) {
            co_return truncated();
        }
        const auto begun = std::chrono::steady_clock::now();
        auto count = co_await wire_.fill(limits().body);
        if (!count) {
            co_return std::move(count).error();
        }
        if (auto judged = judge_progress(std::chrono::steady_clock::now() - begun); !judged) {
            co_return judged;
        }
        if (*count == 0) {
            co_return truncated();
        }
        silent_ = {};
    }
}

// What is there of it. An error is kept: the decoder is not asked again.
Result<void> SocketBody::eat_framing() {
    if (error_ahead_) {
        return *error_ahead_;
    }
    auto input = wire_.buffered();
    auto eaten = chunks_->eat_framing(input);
    wire_.consume(wire_.buffered().size() - input.size());
    if (!eaten) {
        error_ahead_ = eaten.error();
    }
    return eaten;
}

std::size_t SocketBody::take_buffered(std::span<std::byte> into) {
    const auto there = wire_.buffered();
    const auto count = std::min(there.size(), into.size());
    std::copy_n(there.begin(), count, into.begin());
    wire_.consume(count);
    return count;
}

Error SocketBody::broken(Error error) {
    is_broken_ = true;
    if (error.code == ErrorCode::request_timeout && error.facts.empty()) {
        error.facts =
            "No byte of the body came for " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limits().body).count()
            ) +
            " seconds; " + std::to_string(received_) + " had come.";
    }
    return error;
}

Error SocketBody::truncated() const {
    auto facts = "The connection ended after " + std::to_string(received_) + " bytes of the body";
    facts += chunks_ ? ", before its last chunk."
                     : ", expected " + std::to_string(received_ + left_) + ".";
    return Error{ErrorCode::body_truncated, std::move(facts)};
}

}  // namespace sluice::http
