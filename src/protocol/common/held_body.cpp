#include "protocol/common/held_body.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

constexpr std::size_t piece_bytes = 64 * 1024;

Error too_large() {
    return {
        .code = ErrorCode::body_too_large,
        .facts = "A urlencoded body that an OAuth 1.0a signature covers may have " +
                 std::to_string(held_body_bytes_max) +
                 " bytes. Send media in a multipart body: it is not signed.",
    };
}

Error too_many_fields() {
    return {
        .code = ErrorCode::too_many_fields,
        .facts = "The url-encoded body has more than " + std::to_string(held_parameters_max) +
                 " parameters.",
    };
}

}  // namespace

awaitable<Result<std::unique_ptr<HeldBody>>> HeldBody::read(
    http::BodyReader& body, HeldBytes& held
) {
    if (body.remaining().value_or(0) > held_body_bytes_max) {
        co_return too_large();
    }
    auto result = std::make_unique<HeldBody>(held);
    std::string piece(
        std::min<std::uint64_t>(body.remaining().value_or(piece_bytes), piece_bytes), 0
    );
    std::size_t separators = 0;
    while (body.remaining() != std::uint64_t{0}) {
        auto got = co_await body.read_some(std::as_writable_bytes(std::span(piece)));
        if (!got) {
            co_return std::move(got).error();
        }
        if (*got == 0) {
            break;
        }
        if (result->text_.size() + *got > held_body_bytes_max) {
            co_return too_large();
        }
        separators += static_cast<std::size_t>(std::count(piece.data(), piece.data() + *got, '&'));
        if (separators >= held_parameters_max) {
            co_return too_many_fields();
        }
        if (!held.take(*got)) {
            co_return Error{
                .code = ErrorCode::overloaded,
                .facts = "Too many signed bodies are being checked at this moment.",
                .retry_after = std::chrono::seconds(1),
            };
        }
        result->counted_ += *got;
        result->text_.append(piece, 0, *got);
    }
    co_return result;
}

awaitable<Result<std::size_t>> HeldBody::read_some(std::span<std::byte> into) {
    const std::size_t count = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    co_return count;
}

}  // namespace sluice::protocol
