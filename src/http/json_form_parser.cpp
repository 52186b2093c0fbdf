#include "http/json_form_parser.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_writer.hpp"

namespace sluice::http {

namespace json = boost::json;

namespace {

constexpr std::size_t slice_bytes = 8 * 1024;

// What Boost.JSON calls for each thing it reads. Values of the outermost object become events; what
// is inside a nested value is written to `nested_` again, and joined with commas as long as it is a
// list of scalars.
class FormHandler {
  public:
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = json_nested_bytes_max;
    static constexpr std::size_t max_string_size = SIZE_MAX;

    struct Event {
        FormEvent::Kind kind;
        std::size_t begin = 0;  // of data or name, in `arena`
        std::size_t end = 0;
    };

    explicit FormHandler(std::size_t parts_max) : parts_max_(parts_max) {}

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& error) { return open('{', error); }
    bool on_array_begin(json::error_code& error) { return open('[', error); }
    bool on_object_end(std::size_t, json::error_code& error) { return close('}', error); }
    bool on_array_end(std::size_t, json::error_code& error) { return close(']', error); }

    bool on_key_part(std::string_view text, std::size_t, json::error_code&) {
        piece_ += text;
        return true;
    }
    bool on_key(std::string_view text, std::size_t, json::error_code& error) {
        piece_ += text;
        if (depth_ > 1) {
            separate();
            append_json_string(nested_, piece_);
            nested_ += ':';
            piece_.clear();
            return fits(error);
        }
        if (++parts_ > parts_max_) {
            return refuse(
                ErrorCode::too_many_fields,
                "The JSON object has more than " + std::to_string(parts_max_) + " members.",
                error
            );
        }
        push(FormEvent::Kind::part_begin, piece_);
        piece_.clear();
        return true;
    }

    bool on_string_part(std::string_view text, std::size_t, json::error_code& error) {
        if (depth_ == 1) {
            push_data(text);
            return true;
        }
        piece_ += text;
        return fits(error);
    }
    bool on_string(std::string_view text, std::size_t size, json::error_code& error) {
        if (!on_string_part(text, size, error)) {
            return false;
        }
        if (depth_ == 1) {
            push(FormEvent::Kind::part_end, {});
            return true;
        }
        std::string quoted;
        append_json_string(quoted, piece_);
        const auto plain = std::exchange(piece_, {});
        return add_nested_scalar(plain, quoted, error);
    }

    bool on_number_part(std::string_view text, json::error_code& error) {
        piece_ += text;
        return fits(error);
    }
    bool on_int64(std::int64_t, std::string_view text, json::error_code& error) {
        return number(text, error);
    }
    bool on_uint64(std::uint64_t, std::string_view text, json::error_code& error) {
        return number(text, error);
    }
    bool on_double(double, std::string_view text, json::error_code& error) {
        return number(text, error);
    }
    bool on_bool(bool flag, json::error_code& error) {
        const std::string_view text = flag ? "true" : "false";
        return scalar(text, text, error);
    }
    bool on_null(json::error_code& error) { return scalar("", "null", error); }
    bool on_comment_part(std::string_view, json::error_code&) { return true; }
    bool on_comment(std::string_view, json::error_code&) { return true; }

    std::deque<Event> events;
    std::string arena;  // what the events point into; emptied with the next slice
    std::optional<Error> refusal;

  private:
    bool refuse(ErrorCode code, std::string facts, json::error_code& error) {
        refusal = Error{code, std::move(facts)};
        error = json::error::syntax;
        return false;
    }

    bool fits(json::error_code& error) {
        if (nested_.size() + piece_.size() <= json_nested_bytes_max) {
            return true;
        }
        // A buffer that went through JSON.stringify is the one long value that clients nest.
        const bool is_buffer = nested_.starts_with(R"({"type":"Buffer")") ||
                               nested_.starts_with(R"({"0":)") ||
                               (joined_count_ > 1000 && joined_.size() < 5 * joined_count_);
        return is_buffer ? refuse(
                               ErrorCode::buffer_as_json,
                               "A member of the JSON object is a buffer made JSON: \"" +
                                   nested_.substr(0, 40) + "…\". Send base64 text.",
                               error
                           )
                         : refuse(
                               ErrorCode::json_expected,
                               "A nested value of the JSON object has more than " +
                                   std::to_string(json_nested_bytes_max) + " bytes.",
                               error
                           );
    }

    void push(FormEvent::Kind kind, std::string_view what) {
        events.push_back({.kind = kind, .begin = arena.size(), .end = arena.size() + what.size()});
        arena += what;
    }

    void push_data(std::string_view data) {
        if (!data.empty()) {
            push(FormEvent::Kind::part_data, data);
        }
    }

    void separate() {
        if (!nested_.empty() && !std::string_view("[{:").contains(nested_.back())) {
            nested_ += ',';
        }
    }

    bool open(char bracket, json::error_code& error) {
        ++depth_;
        if (depth_ == 1) {
            return true;
        }
        is_list_of_scalars_ = depth_ == 2 && bracket == '[';
        separate();
        nested_ += bracket;
        return fits(error);
    }

    bool close(char bracket, json::error_code&) {
        --depth_;
        if (depth_ == 0) {
            return true;
        }
        nested_ += bracket;
        if (depth_ == 1) {
            push_data(is_list_of_scalars_ ? joined_ : nested_);
            push(FormEvent::Kind::part_end, {});
            nested_.clear();
            joined_.clear();
            joined_count_ = 0;
        }
        return true;
    }

    bool number(std::string_view last, json::error_code& error) {
        piece_ += last;
        const auto whole = std::exchange(piece_, {});
        return scalar(whole, whole, error);
    }

    bool scalar(std::string_view plain, std::string_view as_json, json::error_code& error) {
        if (depth_ > 1) {
            return add_nested_scalar(plain, as_json, error);
        }
        push_data(plain);
        push(FormEvent::Kind::part_end, {});
        return true;
    }

    bool add_nested_scalar(
        std::string_view plain, std::string_view as_json, json::error_code& error
    ) {
        separate();
        nested_ += as_json;
        if (is_list_of_scalars_) {
            joined_ += joined_count_++ > 0 ? "," : "";
            joined_ += plain;
        }
        return fits(error);
    }

    const std::size_t parts_max_;
    std::size_t parts_ = 0;
    std::size_t depth_ = 0;
    std::string piece_;   // of a name, a number, or a nested string that has not ended
    std::string nested_;  // the nested value, as JSON
    std::string joined_;  // the same as a list
    std::size_t joined_count_ = 0;
    bool is_list_of_scalars_ = false;
};

json::parse_options options() {
    json::parse_options chosen;
    chosen.max_depth = json_depth_max;
    return chosen;
}

bool is_blank(std::byte byte) {
    return std::string_view(" \t\r\n").contains(static_cast<char>(byte));
}

}  // namespace

struct JsonFormParser::Reader {
    explicit Reader(std::size_t parts_max) : parser(options(), parts_max) {}

    json::basic_parser<FormHandler> parser;
    bool has_begun = false;  // something that is not blank has come
    std::optional<Error> failure;
    FormHandler::Event current = {};

    FormHandler& handler() { return parser.handler(); }
    std::string_view text_of(const FormHandler::Event& event) {
        return std::string_view(handler().arena).substr(event.begin, event.end - event.begin);
    }
};

JsonFormParser::JsonFormParser(const FormLimits& limits)
    : reader_(std::make_unique<Reader>(limits.parts_max)) {}

JsonFormParser::~JsonFormParser() = default;

Result<FormEvent> JsonFormParser::next(std::span<const std::byte>& input, bool is_last) {
    auto& handler = reader_->handler();
    while (handler.events.empty()) {
        if (reader_->failure) {
            return *reader_->failure;
        }
        if (input.empty()) {
            return at_end_of_input(is_last);
        }
        if (auto read = read_slice(input); !read) {
            reader_->failure = std::move(read).error();
        }
    }
    return take_event();
}

Result<FormEvent> JsonFormParser::at_end_of_input(bool is_last) const {
    if (!is_last) {
        return FormEvent{.kind = FormEvent::Kind::need_more};
    }
    if (reader_->parser.done() || !reader_->has_begun) {
        return FormEvent{.kind = FormEvent::Kind::done};
    }
    return Error{ErrorCode::json_expected, "The JSON text ends before its object does."};
}

FormEvent JsonFormParser::take_event() {
    auto& handler = reader_->handler();
    const auto event = handler.events.front();
    handler.events.pop_front();
    if (event.kind == FormEvent::Kind::part_begin) {
        head_ = PartHead{
            .name = std::string(reader_->text_of(event)),
            .file_name = {},
            .content_type = {},
            .is_base64 = false
        };
        return FormEvent{.kind = event.kind};
    }
    return FormEvent{.kind = event.kind, .data = std::as_bytes(std::span(reader_->text_of(event)))};
}

Result<void> JsonFormParser::read_slice(std::span<const std::byte>& input) {
    if (!reader_->has_begun) {
        const auto first = std::ranges::find_if_not(input, is_blank);
        input = input.subspan(static_cast<std::size_t>(first - input.begin()));
        reader_->has_begun = !input.empty();
        if (reader_->has_begun && input.front() != std::byte{'{'}) {
            return Error{ErrorCode::json_expected, "The body is not a JSON object."};
        }
    }
    if (input.empty()) {
        return ok();
    }
    reader_->handler().arena.clear();
    const auto slice = input.first(std::min(input.size(), slice_bytes));
    json::error_code error;
    const auto used = reader_->parser.write_some(
        true, reinterpret_cast<const char*>(slice.data()), slice.size(), error
    );
    if (reader_->handler().refusal) {
        return *reader_->handler().refusal;
    }
    if (!error && reader_->parser.done() && !std::ranges::all_of(slice.subspan(used), is_blank)) {
        return Error{ErrorCode::json_expected, "Something follows the JSON object."};
    }
    if (error == json::error::too_deep) {
        return Error{
            ErrorCode::json_expected,
            "The JSON is nested deeper than " + std::to_string(json_depth_max) + " levels."
        };
    }
    if (error) {
        return Error{
            ErrorCode::json_expected, "The body is not valid JSON: " + error.message() + "."
        };
    }
    input = input.subspan(slice.size());
    return ok();
}

}  // namespace sluice::http
