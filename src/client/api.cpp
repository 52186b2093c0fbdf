#include "client/api.hpp"

#include "base/text.hpp"

namespace sluice::client {

Failure unreadable_answer(const std::string& call) {
    return {
        .kind = FailureKind::other,
        .code = "answer_unreadable",
        .message = "the server's answer to " + call + " is not what the protocol says",
        .hint = "Check that --server names a Sluice server and not a proxy's page."
    };
}

std::string join_url(const std::string& server, const std::string& url) {
    return url.starts_with('/') ? server + url : url;
}

Outcome<UploadView> Api::upload(const std::string& media_id) {
    const auto url = server_ + "/api/v1/uploads/" + percent_encode(media_id);
    const auto answer = caller_.call("GET upload", HttpRequest{.url = url});
    if (!answer) {
        return answer.error();
    }
    auto upload = parse_upload(answer->body);
    if (!upload) {
        return unreadable_answer("GET /api/v1/uploads/" + media_id);
    }
    for (auto& output : upload->outputs) {
        output.url = join_url(server_, output.url);
    }
    return std::move(*upload);
}

Outcome<UploadPage> Api::uploads(
    unsigned limit, const std::string& after, const std::string& state
) {
    auto url = server_ + "/api/v1/uploads?limit=" + std::to_string(limit);
    url += after.empty() ? "" : "&after=" + percent_encode(after);
    url += state.empty() ? "" : "&state=" + percent_encode(state);
    const auto answer = caller_.call("GET uploads", HttpRequest{.url = url});
    if (!answer) {
        return answer.error();
    }
    auto page = parse_uploads(answer->body);
    if (!page) {
        return unreadable_answer("GET /api/v1/uploads");
    }
    return std::move(*page);
}

Outcome<std::string> Api::diagnosis(const std::string& media_id) {
    const auto url = server_ + "/api/v1/uploads/" + percent_encode(media_id) + "/diagnosis";
    auto answer = caller_.call("GET diagnosis", HttpRequest{.url = url});
    return answer ? Outcome<std::string>(std::move(answer->body)) : answer.error();
}

Outcome<void> Api::remove(const std::string& media_id) {
    const auto url = server_ + "/api/v1/uploads/" + percent_encode(media_id);
    const auto answer = caller_.call("DELETE upload", HttpRequest{.method = "DELETE", .url = url});
    if (!answer) {
        return answer.error();
    }
    return {};
}

}  // namespace sluice::client
