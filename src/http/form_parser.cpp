#include "http/form_parser.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "http/json_form_parser.hpp"
#include "http/multipart_parser.hpp"
#include "http/part_head.hpp"
#include "http/urlencoded_parser.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t first_line_max = boundary_length_max + 2;

Error boundary_too_long(std::size_t length) {
    return Error{
        ErrorCode::multipart_boundary,
        "The boundary has " + std::to_string(length) + " characters, at most " +
            std::to_string(boundary_length_max) + " are allowed."
    };
}

Result<std::unique_ptr<FormParser>> make_multipart(
    std::string_view content_type, const FormLimits& limits
) {
    const auto boundary = header_parameter(content_type, "boundary");
    if (!boundary || boundary->empty()) {
        return Error{
            ErrorCode::multipart_boundary, "The Content-Type multipart/form-data names no boundary."
        };
    }
    if (boundary->size() > boundary_length_max) {
        return boundary_too_long(boundary->size());
    }
    return std::make_unique<MultipartParser>(*boundary, limits);
}

// Chooses by the first bytes; most clients say what they send, a few do not.
class SniffingParser final : public FormParser {
  public:
    explicit SniffingParser(const FormLimits& limits) : limits_(limits) {}

    Result<FormEvent> next(std::span<const std::byte>& input, bool is_last) override {
        if (!chosen_) {
            if (auto chosen = choose(input, is_last); !chosen) {
                return std::move(chosen).error();
            }
            if (!chosen_) {
                return FormEvent{.kind = FormEvent::Kind::need_more};
            }
        }
        auto event = chosen_->next(input, is_last);
        if (event && event->kind == FormEvent::Kind::part_begin) {
            head_ = chosen_->head();
        }
        return event;
    }

    bool is_multipart() const override { return chosen_ && chosen_->is_multipart(); }

  private:
    // Sets chosen_, or leaves it empty if that takes more bytes.
    Result<void> choose(std::span<const std::byte> input, bool is_last) {
        const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
        const auto first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos && !is_last) {
            return ok();
        }
        if (first == std::string_view::npos || text[first] == '{') {
            chosen_ = std::make_unique<JsonFormParser>(limits_);
            return ok();
        }
        const auto rest = text.substr(first);
        if (rest == "-" && !is_last) {
            return ok();
        }
        if (rest.starts_with("--")) {
            return choose_multipart(rest, is_last);
        }
        chosen_ = std::make_unique<UrlencodedParser>(limits_);
        return ok();
    }

    Result<void> choose_multipart(std::string_view rest, bool is_last) {
        const auto line = rest.substr(0, rest.find_first_of("\r\n"));
        if (line.size() > first_line_max) {
            return boundary_too_long(line.size() - 2);
        }
        if (line.size() == rest.size() && !is_last) {
            return ok();
        }
        const auto boundary = trim(line.substr(2));
        if (boundary.empty()) {
            return Error{ErrorCode::multipart_boundary, "The body's first line is no boundary."};
        }
        chosen_ = std::make_unique<MultipartParser>(boundary, limits_);
        return ok();
    }

    const FormLimits limits_;
    std::unique_ptr<FormParser> chosen_;
};

}  // namespace

Result<std::unique_ptr<FormParser>> make_form_parser(
    std::string_view content_type, const FormLimits& limits
) {
    const auto type = lower_case(trim(content_type.substr(0, content_type.find_first_of(";, "))));
    if (type == "multipart/form-data") {
        return make_multipart(content_type, limits);
    }
    if (type == "application/x-www-form-urlencoded") {
        return std::make_unique<UrlencodedParser>(limits);
    }
    if (type == "application/json" || type == "text/json" || type.ends_with("+json")) {
        return std::make_unique<JsonFormParser>(limits);
    }
    if (type.empty() || type == "text/plain") {
        return std::make_unique<SniffingParser>(limits);
    }
    return Error{
        ErrorCode::unsupported_media_type,
        "Got \"" + printable(content_type) +
            "\", expected multipart/form-data, application/x-www-form-urlencoded or "
            "application/json."
    };
}

}  // namespace sluice::http
