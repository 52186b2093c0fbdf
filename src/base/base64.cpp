#include "base/base64.hpp"

#include <algorithm>
#include <array>

#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::int8_t skipped = -1;
constexpr std::int8_t padding = -2;
constexpr std::int8_t refused = -3;

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(refused);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    values['-'] = 62;
    values['_'] = 63;
    values['\r'] = skipped;
    values['\n'] = skipped;
    values['='] = padding;
    return values;
}

}  // namespace

Result<void> Base64Decoder::refuse(unsigned char character) const {
    if (start_.starts_with("data:")) {
        const auto comma = start_.find(',');
        const std::string prefix = start_.substr(0, comma == std::string::npos ? comma : comma + 1);
        return Error{
            .code = ErrorCode::base64_invalid,
            .facts = "Remove \"" + printable(prefix) + "\" (characters 1 to " +
                     std::to_string(prefix.size()) +
                     "): everything up to and including the comma is no base64. Character " +
                     std::to_string(position_ + 1) + " is the first that is none.",
        };
    }
    const char as_char = static_cast<char>(character);
    std::string facts = "Character " + std::to_string(position_ + 1) + " is \"" +
                        printable(std::string_view(&as_char, 1)) + "\" (byte " +
                        std::to_string(character) + "), which is not base64.";
    if (character == ' ') {
        facts += " A \"+\" that is not percent-encoded (as %2B) becomes a blank on its way.";
    }
    return Error{.code = ErrorCode::base64_invalid, .facts = std::move(facts)};
}

void Base64Decoder::take(std::int8_t sextet, std::vector<std::byte>& out) {
    bits_ = (bits_ << 6) | static_cast<std::uint32_t>(sextet);
    bit_count_ += 6;
    characters_in_group_ = (characters_in_group_ + 1) % 4;
    if (bit_count_ >= 8) {
        bit_count_ -= 8;
        out.push_back(static_cast<std::byte>(bits_ >> bit_count_));
    }
}

Result<void> Base64Decoder::feed(std::span<const std::byte> piece, std::vector<std::byte>& out) {
    static constexpr auto values = make_values();
    const auto missing =
        std::min(piece.size(), start_length - std::min(start_length, start_.size()));
    start_.append(reinterpret_cast<const char*>(piece.data()), missing);
    out.reserve(out.size() + piece.size() / 4 * 3 + 3);
    for (const std::byte byte : piece) {
        const auto character = static_cast<unsigned char>(byte);
        const std::int8_t value = values[character];
        if (value >= 0 && !padded_) {
            take(value, out);
        } else if (value == padding) {
            padded_ = true;
        } else if (value != skipped) {
            return refuse(character);
        }
        ++position_;
    }
    return ok();
}

Result<void> Base64Decoder::finish() {
    if (characters_in_group_ == 1) {
        return Error{
            .code = ErrorCode::base64_invalid,
            .facts = "The text ends after " + std::to_string(position_) +
                     " characters, one character into a group of four: it was cut off.",
        };
    }
    return ok();
}

// The decoder is kind to what is almost base64; what it gives, encoded again, is not.
std::optional<std::string> base64_decoded_strictly(std::string_view text) {
    Base64Decoder decoder;
    std::vector<std::byte> out;
    if (!decoder.feed(std::as_bytes(std::span(text)), out) || !decoder.finish()) {
        return std::nullopt;
    }
    std::string bytes(reinterpret_cast<const char*>(out.data()), out.size());
    return base64_of(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace sluice
