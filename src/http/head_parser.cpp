#include "http/head_parser.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "http/field_line.hpp"
#include "http/framing.hpp"
#include "http/request_line.hpp"

namespace sluice::http {

namespace {

// A client may send a CRLF too many behind a body (RFC 9112, 2.2); two are forgiven.
constexpr std::size_t empty_lines_bytes_max = 4;

// Within each of the bounds, however it is cut into lines.
constexpr std::size_t always_fits_bytes =
    std::min({request_line_bytes_max, fields_bytes_max, list_bytes_max});

Error malformed(std::string facts) {
    return Error{ErrorCode::request_malformed, std::move(facts)};
}

bool is_list(std::string_view line) {
    return line.size() >= list_field.size() &&
           equals_ignoring_case(line.substr(0, list_field.size()), list_field);
}

// Of a line that is not complete.
bool may_become_list(std::string_view line) {
    return line.size() < list_field.size()
               ? equals_ignoring_case(line, list_field.substr(0, line.size()))
               : is_list(line);
}

// The next line without its CRLF, cut off `text`, which is known to hold whole lines.
std::string_view cut_line(std::string_view& text) {
    const auto line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(line.size() + 2);
    return line;
}

}  // namespace

void make_empty(Request& request) {
    for (std::string* text :
         {&request.method,
          &request.target,
          &request.path,
          &request.raw_query,
          &request.request_id,
          &request.peer,
          &request.base_url}) {
        text->clear();
    }
    request.direct_url.reset();
    request.headers.clear();
    request.version_minor = 1;
    request.content_length.reset();
    request.is_chunked = request.expects_continue = request.wants_close = false;
    request.is_inspected = false;
    request.began = {};
    request.came_at.reset();
}

Result<std::optional<ParsedHead>> HeadParser::parse(std::string_view received) {
    ParsedHead head;
    auto bytes = parse_into(head.request, received);
    if (!bytes) {
        return std::move(bytes).error();
    }
    head.bytes = *bytes;
    return *bytes > 0 ? std::optional(std::move(head)) : std::nullopt;
}

Result<std::size_t> HeadParser::parse_into(Request& request, std::string_view received) {
    auto complete = scan(received);
    if (!complete) {
        return std::move(complete).error();
    }
    if (!*complete) {
        return 0;
    }
    auto text = received.substr(start_, scanned_ - start_);
    if (auto line = parse_request_line(cut_line(text), request); !line) {
        return std::move(line).error();
    }
    request.headers.reserve(fields_);
    for (auto line = cut_line(text); !line.empty(); line = cut_line(text)) {
        auto field = parse_field_line(line);
        if (!field) {
            return std::move(field).error();
        }
        request.headers.push_back(std::move(*field));
    }
    if (auto framed = decide_framing(request); !framed) {
        return std::move(framed).error();
    }
    return scanned_;
}

// Looks for line ends in what is new. True: the empty line that ends the head has been seen.
Result<bool> HeadParser::scan(std::string_view received) {
    while (!is_complete_) {
        const auto line_feed = received.find('\n', scanned_);
        if (line_feed == std::string_view::npos) {
            scanned_ = received.size();
            break;
        }
        scanned_ = line_feed + 1;
        if (auto fits = check_size(received); !fits) {
            return std::move(fits).error();
        }
        if (auto ended = end_line(received, line_feed); !ended) {
            return std::move(ended).error();
        }
    }
    if (auto fits = check_size(received); !fits) {
        return std::move(fits).error();
    }
    return is_complete_;
}

Result<void> HeadParser::end_line(std::string_view received, std::size_t line_feed) {
    if (line_feed == line_begin_ || received[line_feed - 1] != '\r') {
        return malformed("A line of the head ends in LF without CR.");
    }
    const auto line = received.substr(line_begin_, line_feed - 1 - line_begin_);
    if (line.contains('\r')) {
        return malformed("The head has a CR without LF.");
    }
    line_begin_ = line_feed + 1;
    if (fields_begin_ != 0) {
        is_complete_ = line.empty();
        fields_ += line.empty() ? 0 : 1;
        list_bytes_ += is_list(line) ? line.size() + 2 : 0;
        return ok();
    }
    if (line.empty()) {
        start_ = line_begin_;
        return start_ <= empty_lines_bytes_max ? ok()
                                               : malformed("The request begins with empty lines.");
    }
    fields_begin_ = line_begin_;
    return ok();
}

// Some clients put every parameter into the address, the media as well: by far the commonest reason
// for one so long.
Error HeadParser::line_too_long(std::string_view line) {
    const auto limit =
        "The request line has more than " + std::to_string(request_line_bytes_max) + " bytes";
    for (const auto* name : {"media_data=", "media="}) {
        const auto at = line.find(name);
        if (at != std::string_view::npos && at > 0 &&
            (line[at - 1] == '?' || line[at - 1] == '&')) {
            return {ErrorCode::media_in_url, limit + ", because " + name + " stands in it."};
        }
    }
    return {ErrorCode::uri_too_long, limit + "."};
}

Result<void> HeadParser::check_size(std::string_view received) const {
    if (start_ < received.size() && !is_token_char(received[start_]) && received[start_] != '\r') {
        return malformed("This is not HTTP: the first byte cannot begin a method.");
    }
    if (received.size() <= always_fits_bytes && fields_ <= fields_max) {
        return ok();
    }
    const auto line_end = fields_begin_ != 0 ? fields_begin_ : scanned_;
    if (line_end - start_ > request_line_bytes_max) {
        return line_too_long(received.substr(start_, request_line_bytes_max));
    }
    // Of the line that is not complete, too.
    const auto line = received.substr(line_begin_, scanned_ - line_begin_);
    const auto list_bytes = list_bytes_ + (may_become_list(line) ? line.size() : 0);
    if (list_bytes > list_bytes_max) {
        return Error{
            ErrorCode::head_too_large,
            "Upload-Concat has more than " + std::to_string(list_bytes_max) + " bytes."
        };
    }
    if (fields_begin_ != 0 && scanned_ - fields_begin_ - list_bytes > fields_bytes_max) {
        return Error{
            ErrorCode::head_too_large,
            "The headers have more than " + std::to_string(fields_bytes_max) + " bytes."
        };
    }
    if (fields_ > fields_max) {
        return Error{
            ErrorCode::head_too_large,
            "The request has more than " + std::to_string(fields_max) + " headers."
        };
    }
    return ok();
}

}  // namespace sluice::http
