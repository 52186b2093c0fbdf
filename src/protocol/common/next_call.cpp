#include "protocol/common/next_call.hpp"

namespace sluice::protocol {
namespace {

constexpr std::string_view as_variable =
    R"( -H \"Authorization: Bearer $SLUICE_TOKEN\")";  // with the escapes of JSON

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

NextInJson::NextInJson(const std::optional<NextCall>& next, const http::Request& request)
    : method_(next ? next->method : std::string_view()),
      credentials_(request.header("Authorization") ? as_variable : std::string_view()),
      quoted_(next && next->url.contains('\'') ? quoted(next->url) : std::string()),
      url_(next ? std::string_view(next->url) : std::string_view()),
      quoted_url_(quoted_) {}

std::size_t NextInJson::bytes_max() const {
    constexpr std::size_t frame_bytes = 64;
    return frame_bytes + 2 * method_.size() + credentials_.size() +
           2 * std::string_view(url_).size() + std::string_view(quoted_url_).size();
}

void NextInJson::put(RawText& out) const {
    if (method_.empty()) {
        out.text("\"next\":null");
        return;
    }
    const std::string_view url = url_;
    out.text("\"next\":{\"method\":\"").text(method_).text("\",\"url\":\"").text(url);
    out.text("\",\"curl\":\"curl -X ").text(method_).text(credentials_).text(" ");
    quoted_.empty() ? out.text("'").text(url).text("'") : out.text(quoted_url_);
    out.text("\"}");
}

}  // namespace sluice::protocol
