#include "protocol/common/replayed_bytes.hpp"

#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

constexpr std::size_t piece_bytes = 16 * 1024;

Error other_bytes(const Exchange& exchange, const Upload& made, ByteCount came, std::uint32_t crc) {
    return {
        .code = ErrorCode::idempotency_key_reused,
        .facts = "Under Idempotency-Key \"" +
                 printable(exchange.request.header("Idempotency-Key").value_or("")) + "\" upload " +
                 made.id.text() + " was made, and has " + std::to_string(made.received.value) +
                 " bytes that do not begin with those that came now: " +
                 std::to_string(came.value) + " bytes or more (CRC-32C " + hex8(crc) + ").",
        .media_id = made.id.value,
    };
}

}  // namespace

awaitable<Result<void>> compare_replayed(
    const Context& context, Exchange& exchange, http::BodyReader& body, Upload made
) {
    if (!exchange.is_replayed || !exchange.request.has_body()) {
        co_return ok();
    }
    ByteCount came;
    std::uint32_t crc = 0;
    std::vector<std::byte> piece(piece_bytes);
    while (came <= made.received) {
        const auto got = co_await body.read_some(piece);
        if (!got) {
            co_return got.error();
        }
        if (*got == 0) {
            break;
        }
        crc = crc32c(std::span(piece).first(*got), crc);
        came += ByteCount{*got};
    }
    exchange.media_bytes = came;
    if (came > made.received) {
        co_return other_bytes(exchange, made, came, crc);
    }
    const auto same = co_await runtime::run_blocking(context.bulk, [&] {
        return context.streams->begins_with(made, came, crc);
    });
    if (!same) {
        co_return same.error();
    }
    co_return *same ? ok() : Result<void>(other_bytes(exchange, made, came, crc));
}

}  // namespace sluice::protocol
