#include "http/chunked_decoder.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "http/field_line.hpp"

namespace sluice::http {

namespace {

Error malformed(std::string facts) {
    return Error{ErrorCode::request_malformed, "Broken chunked body: " + std::move(facts)};
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What must not come behind the body (RFC 9110, 6.5.1): it has been decided by.
bool is_forbidden_trailer(std::string_view name) {
    constexpr std::array forbidden{
        "content-length",
        "transfer-encoding",
        "host",
        "content-type",
        "content-encoding",
        "authorization",
        "expect",
        "connection"
    };
    return std::ranges::any_of(forbidden, [&](auto word) {
        return equals_ignoring_case(name, word);
    });
}

}  // namespace

Result<void> ChunkedDecoder::eat_framing(std::span<const std::byte>& input) {
    while (!input.empty() && state_ != State::data && state_ != State::done) {
        if (auto eaten = eat(static_cast<char>(input.front())); !eaten) {
            return eaten;
        }
        input = input.subspan(1);
    }
    return ok();
}

void ChunkedDecoder::data_taken(std::uint64_t count) {
    SLUICE_ASSERT(state_ == State::data && count <= data_due_);
    data_due_ -= count;
    if (data_due_ == 0) {
        state_ = State::data_cr;
    }
}

Result<void> ChunkedDecoder::eat(char c) {
    switch (state_) {
        case State::size:
            return eat_size(c);
        case State::extension:
            return eat_extension(c);
        case State::size_lf:
            return begin_chunk(c);
        case State::data_cr:
            return expect(c, '\r', State::data_lf);
        case State::data_lf:
            return expect(c, '\n', State::size);
        case State::trailer:
            return eat_trailer(c);
        case State::trailer_lf:
            return end_trailer_line(c);
        case State::data:
        case State::done:
            break;
    }
    return ok();
}

Result<void> ChunkedDecoder::expect(char c, char expected, State next) {
    if (c != expected) {
        return malformed("a chunk's data is not followed by CRLF.");
    }
    state_ = next;
    return ok();
}

Result<void> ChunkedDecoder::eat_size(char c) {
    if (const int digit = hex_value(c); digit >= 0) {
        // data_due_ holds the size while it is read; 63 bits are enough for everybody.
        if (++size_digits_ > chunk_size_digits_max || data_due_ >> 59 != 0) {
            return malformed("the size of a chunk is out of range.");
        }
        data_due_ = data_due_ << 4 | static_cast<unsigned>(digit);
        return ok();
    }
    if (size_digits_ == 0 || (c != '\r' && c != ';')) {
        return malformed("the size of a chunk is not a hexadecimal number.");
    }
    state_ = c == '\r' ? State::size_lf : State::extension;
    return ok();
}

Result<void> ChunkedDecoder::eat_extension(char c) {
    if (c == '\r') {
        state_ = State::size_lf;
        return ok();
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
        return malformed("a control character in a chunk extension.");
    }
    if (++extension_bytes_ > chunk_extension_bytes_max) {
        return malformed("a chunk extension is too long.");
    }
    return ok();
}

Result<void> ChunkedDecoder::begin_chunk(char c) {
    if (c != '\n') {
        return malformed("CR without LF behind the size of a chunk.");
    }
    state_ = data_due_ > 0 ? State::data : State::trailer;
    size_digits_ = 0;
    extension_bytes_ = 0;
    return ok();
}

Result<void> ChunkedDecoder::eat_trailer(char c) {
    if (c == '\r') {
        state_ = State::trailer_lf;
        return ok();
    }
    if (c == '\n' || ++trailer_bytes_ > trailer_bytes_max) {
        return malformed(
            c == '\n' ? "a trailer line ends in LF without CR." : "the trailers are too long."
        );
    }
    trailer_line_ += c;
    return ok();
}

Result<void> ChunkedDecoder::end_trailer_line(char c) {
    if (c != '\n') {
        return malformed("CR without LF in the trailers.");
    }
    if (trailer_line_.empty()) {
        state_ = State::done;
        return ok();
    }
    auto field = parse_field_line(std::exchange(trailer_line_, {}));
    if (!field) {
        return std::move(field).error();
    }
    if (is_forbidden_trailer(field->name)) {
        return malformed("the field " + printable(field->name) + " must not be a trailer.");
    }
    trailers_.push_back(std::move(*field));
    state_ = State::trailer;
    return ok();
}

}  // namespace sluice::http
