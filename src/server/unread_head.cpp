#include "server/unread_head.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace sluice::server {
namespace {

// Of one line: longer than any credential, and than any cookie that is not broken.
constexpr std::size_t media_field_bytes = 4096;

std::string_view first_line(std::string_view received) {
    received.remove_prefix(std::min(received.find_first_not_of("\r\n"), received.size()));
    return received.substr(0, received.find_first_of("\r\n"));
}

bool is_upload(std::string_view line) {
    const std::string_view path = path_seen(line);
    return line.starts_with("POST ") &&
           (path.starts_with("/1.1/media/upload") || path.starts_with("/2/media/upload"));
}

bool has_media_parameter(std::string_view line) {
    return line.contains("media_data=") || line.contains("?media=") || line.contains("&media=");
}

// A header field that long is no parameter; the name of the longest one.
std::string_view long_field(std::string_view received) {
    while (!received.empty()) {
        const auto line = received.substr(0, received.find('\n'));
        received.remove_prefix(std::min(line.size() + 1, received.size()));
        const auto colon = line.find(':');
        if (line.size() > media_field_bytes && colon < 64) {
            return line.substr(0, colon);
        }
    }
    return {};
}

Error media_in_url(std::string where, std::string_view received) {
    return {
        .code = ErrorCode::media_in_url,
        .facts = std::move(where) + ": " + std::to_string(received.size()) +
                 " bytes of the head had come, and a request line may have 8192, all header fields "
                 "together 16384. Put the media into the body: a multipart part \"media\" with the "
                 "bytes, or \"media_data\" with base64 text.",
    };
}

}  // namespace

std::string_view method_seen(std::string_view received) {
    const std::string_view line = first_line(received);
    return line.substr(0, line.find(' '));
}

std::string_view path_seen(std::string_view received) {
    std::string_view line = first_line(received);
    line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
    const auto target = line.substr(0, line.find_first_of("? "));
    const auto scheme = target.find("://");  // as proxies are asked (RFC 9112, 3.2.2)
    if (target.starts_with('/') || scheme == std::string_view::npos) {
        return target;
    }
    return target.substr(std::min(target.find('/', scheme + 3), target.size()));
}

std::optional<std::string_view> field_seen(std::string_view received, std::string_view name) {
    for (auto end = received.find('\n'); end != std::string_view::npos; end = received.find('\n')) {
        received.remove_prefix(end + 1);
        const auto line = received.substr(0, received.find_first_of("\r\n"));
        const auto colon = line.find(':');
        const bool is_whole = line.size() < received.size();
        if (line.empty()) {
            break;  // the body
        }
        if (is_whole && colon != std::string_view::npos &&
            equals_ignoring_case(line.substr(0, colon), name)) {
            return trim(line.substr(colon + 1));
        }
    }
    return std::nullopt;
}

Error judged_head(Error error, std::string_view received) {
    const std::string_view line = first_line(received);
    const bool is_of_the_line =
        error.code == ErrorCode::uri_too_long || error.code == ErrorCode::media_in_url;
    if (is_of_the_line && (is_upload(line) || has_media_parameter(line))) {
        return media_in_url("The media stands in the address", received);
    }
    const std::string_view field = error.code == ErrorCode::head_too_large && is_upload(line)
                                       ? long_field(received)
                                       : std::string_view();
    return field.empty() ? error
                         : media_in_url(
                               "The media seems to stand in the header field \"" +
                                   printable(field, 40) + "\"",
                               received
                           );
}

}  // namespace sluice::server
