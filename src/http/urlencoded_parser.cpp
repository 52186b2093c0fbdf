#include "http/urlencoded_parser.hpp"

#include <utility>

namespace sluice::http {

namespace {

int hex_value(std::byte byte) {
    const char c = static_cast<char>(byte);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

FormEvent event(FormEvent::Kind kind) {
    return {.kind = kind};
}

}  // namespace

Result<FormEvent> UrlencodedParser::next(std::span<const std::byte>& input, bool is_last) {
    while (true) {
        auto found = step(input, is_last);
        if (!found) {
            return std::move(found).error();
        }
        if (*found) {
            return **found;
        }
    }
}

UrlencodedParser::Step UrlencodedParser::step(std::span<const std::byte>& input, bool is_last) {
    switch (state_) {
        case State::name:
            return read_name(input, is_last);
        case State::begin:
            return begin_part();
        case State::value:
            return read_value(input, is_last);
        case State::end:
            state_ = State::name;
            return event(FormEvent::Kind::part_end);
        case State::done:
            break;
    }
    input = {};
    return event(FormEvent::Kind::done);
}

Result<UrlencodedParser::Unit> UrlencodedParser::decode(
    std::span<const std::byte> input, bool is_last
) const {
    const char c = static_cast<char>(input.front());
    switch (c) {
        case '&':
            return Unit{.kind = Unit::Kind::ampersand};
        case '=':
            return Unit{.kind = Unit::Kind::equals, .byte = '='};
        case '+':
            return Unit{.byte = ' '};
        case '\r':
        case '\n':
            return Unit{.kind = Unit::Kind::skipped};
        case '%':
            break;
        default:
            return Unit{.byte = c};
    }
    if (input.size() < 3 && !is_last) {
        return Unit{.kind = Unit::Kind::need_more};
    }
    const int high = input.size() < 3 ? -1 : hex_value(input[1]);
    const int low = input.size() < 3 ? -1 : hex_value(input[2]);
    if (high < 0 || low < 0) {
        return Error{
            ErrorCode::body_unreadable,
            "The url-encoded body has a '%' that two hexadecimal digits do not follow."
        };
    }
    return Unit{.byte = static_cast<char>(high << 4 | low), .length = 3};
}

// An ampersand without a name before it separates nothing.
bool UrlencodedParser::ends_name(const Unit& unit) const {
    return unit.kind == Unit::Kind::equals ||
           (unit.kind == Unit::Kind::ampersand && !name_.empty());
}

UrlencodedParser::Step UrlencodedParser::read_name(
    std::span<const std::byte>& input, bool is_last
) {
    while (!input.empty()) {
        auto unit = decode(input, is_last);
        if (!unit) {
            return std::move(unit).error();
        }
        if (unit->kind == Unit::Kind::need_more) {
            return event(FormEvent::Kind::need_more);
        }
        input = input.subspan(unit->length);
        if (ends_name(*unit)) {
            has_value_ = unit->kind == Unit::Kind::equals;
            state_ = State::begin;
            return std::nullopt;
        }
        if (unit->kind == Unit::Kind::byte) {
            name_ += unit->byte;
        }
        if (name_.size() > limits_.part_head_max) {
            return Error{
                ErrorCode::body_unreadable,
                "The name of a parameter in the url-encoded body is too long."
            };
        }
    }
    if (!is_last) {
        return event(FormEvent::Kind::need_more);
    }
    has_value_ = false;
    state_ = name_.empty() ? State::done : State::begin;
    return std::nullopt;
}

UrlencodedParser::Step UrlencodedParser::begin_part() {
    if (++parts_ > limits_.parts_max) {
        return Error{
            ErrorCode::too_many_fields,
            "The url-encoded body has more than " + std::to_string(limits_.parts_max) +
                " parameters."
        };
    }
    head_ = PartHead{
        .name = std::exchange(name_, {}), .file_name = {}, .content_type = {}, .is_base64 = false
    };
    state_ = has_value_ ? State::value : State::end;
    return event(FormEvent::Kind::part_begin);
}

UrlencodedParser::Step UrlencodedParser::read_value(
    std::span<const std::byte>& input, bool is_last
) {
    std::size_t count = 0;
    bool needs_more = false;
    while (count < decoded_.size() && !input.empty() && !needs_more && state_ == State::value) {
        auto unit = decode(input, is_last);
        if (!unit && count == 0) {
            return std::move(unit).error();
        }
        if (!unit) {
            break;  // what is decoded goes first, the next call finds the error again
        }
        switch (unit->kind) {
            case Unit::Kind::need_more:
                needs_more = true;
                continue;
            case Unit::Kind::ampersand:
                state_ = State::end;
                break;
            case Unit::Kind::skipped:
                break;
            case Unit::Kind::byte:
            case Unit::Kind::equals:
                decoded_[count++] = static_cast<std::byte>(unit->byte);
                break;
        }
        input = input.subspan(unit->length);
    }
    if (count > 0) {
        return FormEvent{
            .kind = FormEvent::Kind::part_data, .data = std::span(decoded_).first(count)
        };
    }
    if (state_ == State::end) {
        return std::nullopt;
    }
    if (!is_last) {
        return event(FormEvent::Kind::need_more);
    }
    state_ = State::end;
    return std::nullopt;
}

}  // namespace sluice::http
