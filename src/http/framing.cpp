#include "http/framing.hpp"

#include <limits>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "http/field_line.hpp"
#include "http/request_line.hpp"

namespace sluice::http {

namespace {

Error malformed(std::string facts) {
    return Error{ErrorCode::request_malformed, std::move(facts)};
}

// The fields that decide, and how often they came.
struct FramingFields {
    const HeaderField* content_length = nullptr;
    const HeaderField* transfer_encoding = nullptr;
    const HeaderField* host = nullptr;
    const HeaderField* doubled = nullptr;
};

void note(const HeaderField& field, const HeaderField*& place, FramingFields& fields) {
    if (place != nullptr) {
        fields.doubled = &field;
    }
    place = &field;
}

FramingFields collect(const Request& request) {
    FramingFields fields;
    for (const auto& field : request.headers) {
        if (equals_ignoring_case(field.name, "content-length")) {
            note(field, fields.content_length, fields);
        } else if (equals_ignoring_case(field.name, "transfer-encoding")) {
            note(field, fields.transfer_encoding, fields);
        } else if (equals_ignoring_case(field.name, "host")) {
            note(field, fields.host, fields);
        }
    }
    return fields;
}

Result<void> take_length(const HeaderField& field, Request& request) {
    const auto length = parse_unsigned(field.value);
    if (!length || *length > std::numeric_limits<std::int64_t>::max()) {
        return malformed(
            "Content-Length is not a number of bytes: \"" + printable(field.value, 32) + "\"."
        );
    }
    request.content_length = length;
    return ok();
}

Result<void> take_transfer_encoding(const FramingFields& fields, Request& request) {
    if (fields.content_length != nullptr) {
        return malformed("The request has both Transfer-Encoding and Content-Length.");
    }
    if (request.version_minor == 0) {
        return malformed("HTTP/1.0 knows no Transfer-Encoding.");
    }
    const auto& value = fields.transfer_encoding->value;
    if (!equals_ignoring_case(value, "chunked")) {
        return Error{
            ErrorCode::transfer_encoding_unsupported,
            "Got \"" + printable(value, 32) + "\", expected \"chunked\"."
        };
    }
    request.is_chunked = true;
    return ok();
}

Result<void> take_host(const FramingFields& fields, Request& request) {
    if (fields.host == nullptr) {
        return request.version_minor == 0 ? ok()
                                          : malformed("An HTTP/1.1 request needs a Host header.");
    }
    if (!is_host(fields.host->value)) {
        return malformed(
            "The Host header is not a host: \"" + printable(fields.host->value) + "\"."
        );
    }
    if (request.base_url.empty()) {
        request.base_url.append("http://").append(fields.host->value);
    }
    return ok();
}

// Calls `use` for each element of a comma-separated list.
template <class Use>
void for_each_element(std::string_view list, Use use) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        use(trim(list.substr(0, comma)));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
}

Result<void> take_connection(Request& request) {
    bool says_close = false;
    bool says_keep_alive = false;
    bool is_list_of_tokens = true;
    for (const auto& field : request.headers) {
        if (!equals_ignoring_case(field.name, "connection")) {
            continue;
        }
        for_each_element(field.value, [&](std::string_view option) {
            is_list_of_tokens &= option.empty() || is_token(option);
            says_close |= equals_ignoring_case(option, "close");
            says_keep_alive |= equals_ignoring_case(option, "keep-alive");
        });
    }
    if (!is_list_of_tokens) {
        return malformed("The Connection header is not a list of options.");
    }
    request.wants_close = says_close || (request.version_minor == 0 && !says_keep_alive);
    return ok();
}

Result<void> take_expectations(Request& request) {
    for (const auto& field : request.headers) {
        if (!equals_ignoring_case(field.name, "expect")) {
            continue;
        }
        if (!equals_ignoring_case(field.value, "100-continue")) {
            return Error{
                ErrorCode::expectation_unknown,
                "Got \"" + printable(field.value, 32) + "\", expected \"100-continue\"."
            };
        }
        // HTTP/1.0 knows no interim answers (RFC 9110, 10.1.1).
        request.expects_continue = request.version_minor > 0;
    }
    return ok();
}

}  // namespace

Result<void> decide_framing(Request& request) {
    const auto fields = collect(request);
    if (fields.doubled != nullptr) {
        return malformed(
            "The header " + printable(fields.doubled->name) + " comes more than once."
        );
    }
    if (fields.transfer_encoding != nullptr) {
        if (auto taken = take_transfer_encoding(fields, request); !taken) {
            return taken;
        }
    } else if (fields.content_length != nullptr) {
        if (auto taken = take_length(*fields.content_length, request); !taken) {
            return taken;
        }
    }
    if (auto taken = take_host(fields, request); !taken) {
        return taken;
    }
    if (auto taken = take_connection(request); !taken) {
        return taken;
    }
    return take_expectations(request);
}

}  // namespace sluice::http
