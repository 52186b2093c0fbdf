#include "protocol/common/receive_stream.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/common/direct_writes.hpp"
#include "runtime/bulk_turn.hpp"
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

// What comes slowly but steadily is stored that often, so that a server that is killed keeps it. What
// comes with pauses is stored in them, though not more often than that.
constexpr std::chrono::seconds unstored_max{5};
constexpr std::chrono::seconds between_stores_min{1};
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
        direct_.use(co_await runtime::DiskRing::of_this_loop());
        auto read = co_await read_all();
        bool is_vouched_for = read || !holds_back();
        if (read && check_) {
            read = check_->verify();
            is_vouched_for = read.has_value();
        }
        // Whatever else is wrong with it: the upload is another request's by now.
        if (append_.is_lost()) {
            co_return co_await run_blocking(context_.bulk, [this]() -> Result<Upload> {
                return context_.streams->lost(append_);
            });
        }
        if (!is_vouched_for) {
            co_return std::move(read).error();
        }
        if (!read) {
            append_.is_cut();
        }
        // Also of a body that broke off: its last byte may have been the upload's last one.
        auto ended = co_await end();
        const bool is_lost = !ended && ended.error().code == ErrorCode::upload_taken_over;
        co_return read || is_lost ? std::move(ended) : std::move(read).error();  // the first cause
    }

  private:
    awaitable<Result<void>> read_all() {
        while (true) {
            if (auto waited = co_await wait(); !waited) {
                co_return waited;
            }
            const auto more = co_await move_some();
            if (!more) {
                co_return more.error();
            }
            if (!*more) {
                co_return ok();
            }
            const bool is_old = piece_ && Clock::now() - piece_begun_ > unstored_max;
            if ((is_old || append_.is_asked_to_store()) && !holds_back()) {
                if (auto stored = co_await store(); !stored) {
                    co_return stored;
                }
            }
        }
    }

    // Until bytes, or the end, are there.
    awaitable<Result<void>> wait() {
        auto silence = std::chrono::milliseconds(0);
        auto patience = patience_min;
        while (silence < silence_max) {
            if (co_await body_.arrives_within(patience)) {
                break;
            }
            silence += patience;
            if (auto rested = co_await rest(); !rested) {
                co_return rested;
            }
            // Bytes that may be asked for are not left alone for long.
            patience = has_unstored() ? patience_min : std::min(2 * patience, patience_max);
        }
        co_return co_await body_.ready();  // which has a limit of its own
    }

    // One buffer's worth; false: that was all. What came before an error is taken.
    awaitable<Result<bool>> move_some() {
        if (!piece_ && body_.remaining() != 0U) {
            if (auto begun = co_await begin_piece(); !begun) {
                co_return std::move(begun).error();
            }
        }
        std::optional buffer(co_await context_.buffers.take());
        // In memory the bytes stand as in the blocks of the file, behind those of a block that is not full.
        const auto range = piece_ ? direct_.range(*piece_, 0) : std::nullopt;
        const std::size_t phase = range ? range->at.value % range->block : 0;
        const auto bytes = buffer->bytes().subspan(phase);
        std::ranges::copy(begun_block_, bytes.begin());
        const std::size_t before = begun_block_.size();
        const auto filled = co_await fill(bytes.subspan(before));
        if (filled.count > 0) {
            const auto came = bytes.subspan(before, filled.count);
            if (auto taken = co_await take(bytes.first(before + filled.count), came, buffer);
                !taken) {
                co_return std::move(taken).error();
            }
        }
        if (!filled.state) {
            co_return filled.state.error();
        }
        co_return !filled.is_end;
    }

    awaitable<Result<void>> begin_piece() {
        auto begun = co_await make_piece();
        while (begun && !piece_->prepare_more()) {
            co_await runtime::bulk_turn();
        }
        co_return begun;
    }

    awaitable<Result<void>> make_piece() {
        co_return co_await run_blocking(context_.bulk, [this]() -> Result<void> {
            const auto remaining = body_.remaining();
            auto begun = context_.streams->begin_piece(
                append_, remaining ? std::optional(ByteCount{*remaining}) : std::nullopt
            );
            if (!begun) {
                return std::move(begun).error();
            }
            piece_.emplace(*std::move(begun));
            piece_begun_ = Clock::now();
            return ok();
        });
    }

    struct Filled {
        std::size_t count = 0;
        bool is_end = false;
        Result<void> state = ok();
    };

    // What is there, and no more.
    awaitable<Filled> fill(std::span<std::byte> buffer) {
        Filled filled;
        while (filled.count < buffer.size() && !filled.is_end) {
            if (filled.count > 0 && !co_await body_.arrives_within(std::chrono::milliseconds(0))) {
                break;
            }
            const auto count = co_await body_.read_some(buffer.subspan(filled.count));
            if (!count) {
                filled.state = count.error();
                break;
            }
            filled.count += *count;
            filled.is_end = *count == 0 || body_.remaining() == 0U;
        }
        co_return filled;
    }

    // `bytes`: those of the block that is not full, and behind them `came`.
    awaitable<Result<void>> take(
        std::span<const std::byte> bytes,
        std::span<const std::byte> came,
        std::optional<runtime::BufferArena::Buffer>& buffer
    ) {
        if (holds_back()) {
            co_await run_blocking(context_.bulk, [this, came] { check_->update(came); });
        } else {
            append_.has_unstored();
        }
        auto range = direct_.range(*piece_, bytes.size());
        if (!range) {
            co_return co_await write(bytes);
        }
        const std::size_t beyond =
            std::min<std::size_t>(bytes.size(), (range->at.value + bytes.size()) % range->block);
        const auto whole = bytes.first(bytes.size() - beyond);
        begun_block_.assign(bytes.end() - static_cast<std::ptrdiff_t>(beyond), bytes.end());
        co_return whole.empty() ? ok()
                                : co_await direct_.write(*piece_, *std::move(range), whole, buffer);
    }

    awaitable<Result<void>> write(std::span<const std::byte> bytes) {
        begun_block_.clear();
        if (auto settled = co_await direct_.settle(*piece_); !settled) {
            co_return settled;
        }
        if (piece_->is_quick({bytes.size()})) {
            co_return piece_->write(bytes);
        }
        co_return co_await run_blocking(context_.bulk, [this, bytes] {
            return piece_->write(bytes);
        });
    }

    bool holds_back() const { return check_ && check_->holds_back(); }
    bool has_unstored() const { return piece_ && !holds_back(); }

    // Nothing comes just now: whoever asks for the offset is to see all that came.
    awaitable<Result<void>> rest() {
        if (append_.is_lost()) {
            co_return append_.taken_over();
        }
        const bool is_due =
            append_.is_asked_to_store() || Clock::now() - stored_ > between_stores_min;
        co_return has_unstored() && is_due ? co_await store() : ok();
    }

    awaitable<Result<void>> store() {
        stored_ = Clock::now();
        auto kept = co_await settle();
        if (kept) {
            kept = co_await run_blocking(context_.bulk, [this] { return keep(); });
        }
        if (kept && listener_ != nullptr && Clock::now() - told_ >= between_words) {
            told_ = Clock::now();
            co_await listener_->stored(append_.at());
        }
        co_return kept;
    }

    awaitable<Result<Upload>> end() {
        if (auto settled = co_await settle(); !settled) {
            co_return std::move(settled).error();
        }
        co_return co_await run_blocking(context_.bulk, [this]() -> Result<Upload> {
            if (auto kept = keep(); !kept) {
                return std::move(kept).error();
            }
            return context_.streams->finish(std::move(append_));
        });
    }

    awaitable<Result<void>> settle() { co_return piece_ ? co_await direct_.settle(*piece_) : ok(); }

    // Blocking. Nothing is on its way to the file.
    Result<void> keep() {
        if (!piece_) {
            return ok();
        }
        auto piece = *std::exchange(piece_, std::nullopt);
        const auto rest = std::exchange(begun_block_, {});
        if (auto written = rest.empty() ? ok() : piece.write(rest); !written) {
            return written;
        }
        return context_.streams->store(append_, std::move(piece));
    }

    const Context& context_;
    StreamAppend append_;
    http::BodyReader& body_;
    std::unique_ptr<BodyCheck> check_;
    StreamListener* const listener_;
    DirectWrites direct_;
    std::optional<Incoming> piece_;
    std::vector<std::byte> begun_block_;  // came, and waits for the rest of its block of the file
    Clock::time_point piece_begun_;
    Clock::time_point stored_;  // before the first time: long ago
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
