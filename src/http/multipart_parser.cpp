#include "http/multipart_parser.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "http/part_head.hpp"

namespace sluice::http {

namespace {

// Blanks behind a boundary (RFC 2046 allows them; nobody sends many).
constexpr std::size_t padding_max = 64;
// Of the first line, looked at for a boundary that is not the declared one.
constexpr std::size_t first_line_max = 256;

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// How many bytes at the end of `text` may be the beginning of `what`, which is not in `text`.
std::size_t begun_at_end(std::string_view text, std::string_view what) {
    auto tail = text.substr(text.size() - std::min(text.size(), what.size() - 1));
    while (!tail.empty()) {
        const auto at = std::min(tail.find(what.front()), tail.size());
        tail.remove_prefix(at);
        if (what.starts_with(tail)) {
            return tail.size();
        }
        tail.remove_prefix(1);
    }
    return 0;
}

// Of no more memory than it needs.
std::string delimiter_of(std::string_view boundary) {
    std::string delimiter;
    delimiter.reserve(boundary.size() + 4);
    return delimiter.append("\r\n--").append(boundary);
}

Error truncated() {
    return Error{
        ErrorCode::body_truncated, "The multipart body ends without its closing boundary."
    };
}

FormEvent need_more() {
    return {.kind = FormEvent::Kind::need_more};
}

FormEvent give_data(std::span<const std::byte>& input, std::size_t count) {
    const auto data = input.first(count);
    input = input.subspan(count);
    return {.kind = FormEvent::Kind::part_data, .data = data};
}

}  // namespace

MultipartParser::MultipartParser(std::string_view boundary, const FormLimits& limits)
    : search_(delimiter_of(boundary)), limits_(limits) {}

Result<FormEvent> MultipartParser::next(std::span<const std::byte>& input, bool is_last) {
    while (true) {
        auto event = step(input, is_last);
        if (!event) {
            return std::move(event).error();
        }
        if (*event) {
            return **event;
        }
    }
}

MultipartParser::Step MultipartParser::step(std::span<const std::byte>& input, bool is_last) {
    switch (state_) {
        case State::first_line:
            return check_first_line(input, is_last);
        case State::preamble:
            return skip_preamble(input, is_last);
        case State::part_head:
            return read_part_head(input, is_last);
        case State::data:
            return pass_data(input, is_last);
        case State::done:
            break;
    }
    input = {};
    return FormEvent{.kind = FormEvent::Kind::done};
}

// The first delimiter may stand at the very beginning, without its CRLF.
MultipartParser::Step MultipartParser::check_first_line(
    std::span<const std::byte>& input, bool is_last
) {
    const auto text = as_text(input);
    if (text.empty() && is_last) {
        state_ = State::done;
        return std::nullopt;
    }
    const auto marker = std::string_view(search_.what()).substr(2);
    const auto given = text.substr(0, marker.size());
    if (given == marker) {
        const auto delimiter = delimiter_at(text.substr(marker.size()));
        if (delimiter.kind == Delimiter::Kind::unsure) {
            return is_last ? Step(truncated()) : Step(need_more());
        }
        if (delimiter.kind != Delimiter::Kind::none) {
            input = input.subspan(marker.size() + delimiter.bytes);
            auto entered = enter(delimiter);
            return entered ? Step(std::nullopt) : Step(std::move(entered).error());
        }
    }
    return judge_first_line(text, is_last);
}

// It is not the delimiter: its beginning, something before it, or a delimiter of another boundary.
MultipartParser::Step MultipartParser::judge_first_line(std::string_view text, bool is_last) {
    const auto marker = std::string_view(search_.what()).substr(2);
    const auto given = text.substr(0, marker.size());
    if (marker.starts_with(given) && given.size() < marker.size()) {
        return is_last ? Step(truncated()) : Step(need_more());
    }
    if (!text.starts_with("--")) {
        state_ = State::preamble;
        return std::nullopt;
    }
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos && text.size() < first_line_max && !is_last) {
        return need_more();
    }
    return wrong_boundary(text.substr(2, std::min(end, first_line_max) - 2));
}

Error MultipartParser::wrong_boundary(std::string_view first_line) const {
    return Error{
        ErrorCode::multipart_boundary,
        "The Content-Type declares the boundary \"" +
            printable(std::string_view(search_.what()).substr(4), 80) +
            "\", but the body begins with \"" + printable(first_line, 80) + "\"."
    };
}

MultipartParser::Step MultipartParser::skip_preamble(
    std::span<const std::byte>& input, bool is_last
) {
    const auto text = as_text(input);
    const auto at = search_.find_in(text);
    if (at == std::string_view::npos) {
        input = input.last(begun_at_end(text, search_.what()));
        if (is_last) {
            return Error{
                ErrorCode::multipart_boundary,
                "The declared boundary \"" +
                    printable(std::string_view(search_.what()).substr(4), 80) +
                    "\" does not occur in the body."
            };
        }
        return need_more();
    }
    input = input.subspan(at);
    const auto delimiter = delimiter_at(text.substr(at + search_.what().size()));
    if (delimiter.kind == Delimiter::Kind::unsure) {
        return is_last ? Step(truncated()) : Step(need_more());
    }
    if (delimiter.kind == Delimiter::Kind::none) {
        input = input.subspan(1);
        return std::nullopt;
    }
    if (auto entered = enter(delimiter); !entered) {
        return std::move(entered).error();
    }
    input = input.subspan(search_.what().size() + delimiter.bytes);
    return std::nullopt;
}

// `text` stands behind a boundary: "--" closes, blanks and CRLF begin a part, anything else is data
// that looks alike.
MultipartParser::Delimiter MultipartParser::delimiter_at(std::string_view text) {
    if (text.starts_with("--")) {
        return {.kind = Delimiter::Kind::closing, .bytes = 2};
    }
    const auto padding = std::min(text.find_first_not_of(" \t"), text.size());
    if (padding > padding_max) {
        return {};
    }
    const auto rest = text.substr(padding);
    if (rest.starts_with("\r\n")) {
        return {.kind = Delimiter::Kind::part, .bytes = padding + 2};
    }
    const bool may_become_one = rest.empty() || rest == "\r" || (rest == "-" && padding == 0);
    return {.kind = may_become_one ? Delimiter::Kind::unsure : Delimiter::Kind::none};
}

Result<void> MultipartParser::enter(const Delimiter& delimiter) {
    if (delimiter.kind == Delimiter::Kind::closing) {
        state_ = State::done;
        return ok();
    }
    if (parts_++ >= limits_.parts_max) {
        return Error{
            ErrorCode::too_many_fields,
            "The multipart body has more than " + std::to_string(limits_.parts_max) + " parts."
        };
    }
    state_ = State::part_head;
    return ok();
}

MultipartParser::Step MultipartParser::read_part_head(
    std::span<const std::byte>& input, bool is_last
) {
    const auto text = as_text(input);
    // No line at all: the empty line comes at once.
    const auto end = text.starts_with("\r\n") ? 0 : text.find("\r\n\r\n");
    if (std::min(end, text.size()) > limits_.part_head_max) {
        return Error{ErrorCode::body_unreadable, "The headers of a part are too long."};
    }
    if (end == std::string_view::npos) {
        return is_last ? Step(truncated()) : Step(need_more());
    }
    auto head = parse_part_head(text.substr(0, end));
    if (!head) {
        return std::move(head).error();
    }
    head_ = std::move(*head);
    input = input.subspan(end == 0 ? 2 : end + 4);
    state_ = State::data;
    return FormEvent{.kind = FormEvent::Kind::part_begin};
}

MultipartParser::Step MultipartParser::pass_data(std::span<const std::byte>& input, bool is_last) {
    const auto text = as_text(input);
    const auto found = search_.find_in(text);
    const auto data_end =
        found == std::string_view::npos ? text.size() - begun_at_end(text, search_.what()) : found;
    if (data_end > 0) {
        return give_data(input, data_end);
    }
    const auto delimiter = found == 0 ? delimiter_at(text.substr(search_.what().size()))
                                      : Delimiter{.kind = Delimiter::Kind::unsure};
    if (delimiter.kind == Delimiter::Kind::unsure) {
        return is_last ? Step(truncated()) : Step(need_more());
    }
    if (delimiter.kind == Delimiter::Kind::none) {
        return give_data(input, search_.what().size());
    }
    if (auto entered = enter(delimiter); !entered) {
        return std::move(entered).error();
    }
    input = input.subspan(search_.what().size() + delimiter.bytes);
    return FormEvent{.kind = FormEvent::Kind::part_end};
}

}  // namespace sluice::http
