#include "protocol/common/next_call.hpp"

namespace sluice::protocol {
namespace {

// Within single quotes of a shell nothing but a single quote is special.
std::string quoted(const std::string& text) {
    std::string out = "'";
    out.reserve(text.size() + 2);
    std::size_t copied = 0;
    for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', copied)) {
        out.append(text, copied, at - copied).append("'\\''");
        copied = at + 1;
    }
    out.append(text, copied);
    out += '\'';
    return out;
}

}  // namespace

NextCall cancel_call(std::uint64_t media_id, const http::Request& request) {
    return {"DELETE", request.base_url + "/api/v1/uploads/" + std::to_string(media_id)};
}

void append_next(JsonWriter& json, const NextCall& next, const http::Request& request) {
    const bool has_credentials = request.header("Authorization").has_value();
    const std::string credentials =
        has_credentials ? " -H \"Authorization: Bearer $SLUICE_TOKEN\"" : "";
    json.key("next")
        .begin_object()
        .member("method", next.method)
        .member("url", next.url)
        .member("curl", "curl -X " + next.method + credentials + " " + quoted(next.url))
        .end_object();
}

}  // namespace sluice::protocol
