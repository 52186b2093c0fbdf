// The head parser: the same answer however the bytes arrive, and where ours accepts, Boost.Beast
// accepts too and reads the same method, target, fields and framing. Ours may be stricter, never
// looser. Allowed differences:
// - empty lines before the request are skipped here and unknown to Beast, so the referee does not
// see them.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "beast_referee.hpp"
#include "fuzz_target.hpp"
#include "http/head_parser.hpp"

namespace sluice::http {
namespace {

using Parsed = Result<std::optional<ParsedHead>>;

Parsed parse_in_steps(std::string_view text, std::size_t step) {
    HeadParser parser;
    for (std::size_t size = step; size < text.size(); size += step) {
        auto head = parser.parse(text.substr(0, size));
        if (!head || *head) {
            return head;
        }
    }
    return parser.parse(text);
}

bool are_same(const Request& left, const Request& right) {
    const auto is_same_field = [](const HeaderField& a, const HeaderField& b) {
        return a.name == b.name && a.value == b.value;
    };
    return left.method == right.method && left.target == right.target && left.path == right.path &&
           left.content_length == right.content_length && left.is_chunked == right.is_chunked &&
           std::ranges::equal(left.headers, right.headers, is_same_field);
}

void check_steps(std::string_view text, const Parsed& whole) {
    for (const std::size_t step : {1, 3, 64}) {
        const auto slow = parse_in_steps(text, step);
        SLUICE_ASSERT(slow.has_value() == whole.has_value());
        if (!whole) {
            SLUICE_ASSERT(slow.error().code == whole.error().code);
            continue;
        }
        SLUICE_ASSERT(slow->has_value() == whole->has_value());
        if (*whole) {
            SLUICE_ASSERT(
                (*slow)->bytes == (*whole)->bytes && are_same((*slow)->request, (*whole)->request)
            );
        }
    }
}

void check_with_referee(std::string_view text, const ParsedHead& head) {
    const auto begin = std::min(text.find_first_not_of("\r\n"), head.bytes);
    std::string why;
    const auto referee = beast_reading(text.substr(begin, head.bytes - begin), why);
    if (!referee) {
        std::fprintf(
            stderr,
            "Beast refuses: %s\n%.*s\n",
            why.c_str(),
            static_cast<int>(head.bytes),
            text.data()
        );
    }
    SLUICE_ASSERT(referee.has_value());
    const auto& request = head.request;
    SLUICE_ASSERT(request.method == referee->method);
    SLUICE_ASSERT(request.target == referee->target);
    SLUICE_ASSERT(request.version_minor == referee->version_minor);
    SLUICE_ASSERT(request.is_chunked == referee->is_chunked);
    SLUICE_ASSERT(request.content_length == referee->content_length);
    std::multimap<std::string, std::string> fields;
    for (const auto& field : request.headers) {
        fields.emplace(lower_case(field.name), field.value);
    }
    SLUICE_ASSERT(fields == referee->fields);
}

}  // namespace
}  // namespace sluice::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::http;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    HeadParser parser;
    const auto whole = parser.parse(text);
    check_steps(text, whole);
    if (whole && *whole) {
        check_with_referee(text, **whole);
    }
    return 0;
}
