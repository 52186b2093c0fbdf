#include "protocol/common/receive_stream.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "runtime/run_blocking.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using runtime::run_blocking;

// Whoever asks for the offset waits longer than the first; a client that goes on saying nothing is
// looked at less and less often, and then given up as any other body is.
constexpr std::chrono::milliseconds patience_min{150};
constexpr std::chrono::milliseconds patience_max{2'000};
constexpr std::chrono::milliseconds silence_max{30'000};

// What comes slowly but steadily is stored that often, so that a server that is killed keeps it.
constexpr std::chrono::seconds unstored_max{5};
constexpr std::chrono::seconds between_words{1};

class Receiving {
    using Clock = std::chrono::steady_clock;

  public:
    Receiving(
        const Context& context,
        StreamAppend append,
        http::BodyReader& body,
        std::unique_ptr<BodyCheck> check,
        StreamListener* listener
    )
        : context_(context),
          append_(std::move(append)),
          body_(body),
          check_(std::move(check)),
          listener_(listener) {}

    awaitable<Result<Upload>> run() {
        auto read = co_await read_all();
        if (read && check_) {
            read = check_->verify();
        }
        if (!read && check_) {
            co_return std::move(read).error();  // nothing vouches for the bytes
        }
        const auto stored = co_await keep();
        if (!stored) {
            co_return read ? stored.error() : std::move(read).error();  // the first cause
        }
        if (!read) {
            append_.is_cut();
        }
        // Also of a body that broke off: its last byte may have been the upload's last one.
        auto finished = co_await run_blocking(context_.bulk, [this] {
            return context_.streams->finish(std::move(append_));
        });
        co_return read ? std::move(finished) : std::move(read).error();
    }

  private:
    awaitable<Result<void>> read_all() {
        while (true) {
            if (auto waited = co_await wait(); !waited) {
                co_return waited;
            }
            auto buffer = co_await context_.buffers.take();
            const auto more = co_await fill(buffer.bytes());
            if (!more) {
                co_return more.error();
            }
            if (!*more) {
                co_return ok();
            }
            const bool is_old = piece_ && Clock::now() - piece_begun_ > unstored_max;
            if ((is_old || append_.is_asked_to_store()) && !check_) {
                if (auto stored = co_await store(); !stored) {
                    co_return stored;
                }
            }
        }
    }

    // Until bytes, or the end, are there.
    awaitable<Result<void>> wait() {
        auto silence = std::chrono::milliseconds(0);
        for (auto patience = patience_min; silence < silence_max;
             patience = std::min(2 * patience, patience_max)) {
            if (co_await body_.arrives_within(patience)) {
                break;
            }
            silence += patience;
            if (auto rested = co_await rest(); !rested) {
                co_return rested;
            }
        }
        co_return co_await body_.ready();  // which has a limit of its own
    }

    // One buffer's worth; false: that was all. What came before an error is taken.
    awaitable<Result<bool>> fill(std::span<std::byte> buffer) {
        std::size_t filled = 0;
        bool is_end = false;
        Result<void> state = ok();
        while (filled < buffer.size() && !is_end) {
            if (filled > 0 && !co_await body_.arrives_within(std::chrono::milliseconds(0))) {
                break;
            }
            const auto count = co_await body_.read_some(buffer.subspan(filled));
            if (!count) {
                state = count.error();
                break;
            }
            filled += *count;
            is_end = *count == 0;
        }
        if (filled > 0) {
            if (auto taken = co_await take(buffer.first(filled)); !taken) {
                co_return std::move(taken).error();
            }
        }
        if (!state) {
            co_return std::move(state).error();
        }
        co_return !is_end;
    }

    awaitable<Result<void>> take(std::span<const std::byte> bytes) {
        co_return co_await run_blocking(context_.bulk, [this, bytes]() -> Result<void> {
            if (!piece_) {
                auto begun = context_.streams->begin_piece(
                    append_,
                    body_.remaining() ? std::optional(ByteCount{*body_.remaining() + bytes.size()})
                                      : std::nullopt
                );
                if (!begun) {
                    return std::move(begun).error();
                }
                piece_.emplace(*std::move(begun));
                piece_begun_ = Clock::now();
            }
            if (check_) {
                check_->update(bytes);
            } else {
                append_.has_unstored();
            }
            return piece_->write(bytes);
        });
    }

    // Nothing comes just now: whoever asks for the offset is to see all that came.
    awaitable<Result<void>> rest() {
        if (check_ || !piece_) {
            co_return append_.is_lost() ? Result<void>(append_.taken_over()) : ok();
        }
        co_return co_await store();
    }

    awaitable<Result<void>> store() {
        auto kept = co_await keep();
        if (kept && listener_ != nullptr && Clock::now() - told_ >= between_words) {
            told_ = Clock::now();
            co_await listener_->stored(append_.at());
        }
        co_return kept;
    }

    awaitable<Result<void>> keep() {
        if (!piece_) {
            co_return ok();
        }
        co_return co_await run_blocking(context_.bulk, [this] {
            auto piece = *std::exchange(piece_, std::nullopt);
            return context_.streams->store(append_, std::move(piece));
        });
    }

    const Context& context_;
    StreamAppend append_;
    http::BodyReader& body_;
    std::unique_ptr<BodyCheck> check_;
    StreamListener* const listener_;
    std::optional<Incoming> piece_;
    Clock::time_point piece_begun_;
    Clock::time_point told_ = Clock::now();
};

}  // namespace

awaitable<Result<Upload>> receive_stream(
    const Context& context,
    StreamAppend append,
    http::BodyReader& body,
    std::unique_ptr<BodyCheck> check,
    StreamListener* listener
) {
    Receiving receiving(context, std::move(append), body, std::move(check), listener);
    co_return co_await receiving.run();
}

}  // namespace sluice::protocol
