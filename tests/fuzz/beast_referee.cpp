#include "beast_referee.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/text.hpp"

namespace sluice::http {

std::optional<RefereeHead> beast_reading(std::string_view head, std::string& why) {
    namespace beast = boost::beast;
    beast::http::request_parser<beast::http::empty_body> parser;
    parser.header_limit(128 * 1024);
    parser.body_limit(boost::none);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(head), error);
    // A body is not wanted here, and its absence no fault of the head.
    if (error && error != beast::http::error::need_more &&
        error != beast::http::error::unexpected_body) {
        why = error.message();
        return std::nullopt;
    }
    if (!parser.is_header_done()) {
        why = "the head is not complete";
        return std::nullopt;
    }
    const auto& request = parser.get();
    RefereeHead seen{
        .method = std::string(request.method_string()),
        .target = std::string(request.target()),
        .version_minor = static_cast<int>(request.version() % 10),
        .fields = {},
        .content_length = {},
        .is_chunked = parser.chunked()
    };
    if (const auto length = parser.content_length()) {
        seen.content_length = *length;
    }
    for (const auto& field : request) {
        seen.fields.emplace(lower_case(field.name_string()), std::string(field.value()));
    }
    return seen;
}

}  // namespace sluice::http
