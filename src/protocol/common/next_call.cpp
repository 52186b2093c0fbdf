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
    static constexpr std::string_view as_variable =
        R"( -H \"Authorization: Bearer $SLUICE_TOKEN\")";  // with the escapes of JSON
    constexpr std::size_t frame_bytes = 64;
    const std::string_view credentials = request.header("Authorization") ? as_variable : "";
    const std::string in_quotes = next.url.contains('\'') ? quoted(next.url) : std::string();
    const JsonText method(next.method);
    const JsonText url(next.url);
    const JsonText other_url(in_quotes);
    const std::string_view url_text = url;
    const std::string_view method_text = method;
    const std::size_t bytes = 2 * method_text.size() + 2 * url_text.size() + credentials.size() +
                              std::string_view(other_url).size();
    json.key("next").raw(bytes + frame_bytes, [&](RawText& out) {
        out.text("{\"method\":\"").text(method_text).text("\",\"url\":\"").text(url_text);
        out.text("\",\"curl\":\"curl -X ").text(method_text).text(credentials).text(" ");
        in_quotes.empty() ? out.text("'").text(url_text).text("'") : out.text(other_url);
        out.text("\"}");
    });
}

}  // namespace sluice::protocol
