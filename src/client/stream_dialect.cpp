#include "client/stream_dialect.hpp"

#include <algorithm>
#include <utility>

#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::client {
namespace {

// Of the draft whose calls these are.
constexpr std::string_view interop_version = "9";

// "http://host:1", and the rest, which begins with a slash or is empty.
struct SplitUrl {
    std::string_view scheme;
    std::string_view host;
    std::string_view rest;
};

SplitUrl split(std::string_view url) {
    const auto begin = url.find("://");
    const auto host = begin == std::string_view::npos ? 0 : begin + 3;
    const auto end = std::min(url.find('/', host), url.size());
    return {url.substr(0, host), url.substr(host, end - host), url.substr(end)};
}

class Tus final : public StreamDialect {
  public:
    explicit Tus(const std::string& server) : collection_(server + "/files/") {}

    HttpRequest create(const StreamFacts& facts) const override {
        auto request = call("POST", collection_);
        request.headers.emplace_back("Upload-Length", std::to_string(facts.init.total_bytes));
        request.headers.emplace_back("Upload-Metadata", metadata(facts));
        request.headers.emplace_back("Idempotency-Key", '"' + facts.idempotency_key + '"');
        return request;
    }

    HttpRequest look(const std::string& url) const override { return call("HEAD", url); }

    HttpRequest append(const std::string& url, FileSlice slice, bool /*is_last*/) const override {
        auto request = call("PATCH", url);
        request.headers.emplace_back("Content-Type", "application/offset+octet-stream");
        request.headers.emplace_back("Upload-Offset", std::to_string(slice.offset));
        request.slice = slice;
        return request;
    }

    bool says_its_end() const override { return false; }
    std::string collection() const override { return collection_; }

  private:
    static HttpRequest call(std::string method, std::string url) {
        return {
            .method = std::move(method),
            .url = std::move(url),
            .headers = {{"Tus-Resumable", "1.0.0"}, {"Accept", "application/problem+json"}}
        };
    }

    static std::string metadata(const StreamFacts& facts) {
        auto text = "filename " + base64_of(facts.file_name);
        text += ",filetype " + base64_of(facts.init.media_type);
        if (!facts.init.category.empty()) {
            text += ",media_category " + base64_of(facts.init.category);
        }
        return text;
    }

    std::string collection_;
};

class Rufh final : public StreamDialect {
  public:
    explicit Rufh(const std::string& server) : collection_(server + "/resumable/") {}

    // Without a byte: whatever comes later can be resumed, since the URL is known.
    HttpRequest create(const StreamFacts& facts) const override {
        auto url = collection_;
        if (!facts.init.category.empty()) {
            url += "?media_category=" + percent_encode(facts.init.category);
        }
        auto request = call("POST", url);
        request.headers.emplace_back("Upload-Complete", "?0");
        request.headers.emplace_back("Upload-Length", std::to_string(facts.init.total_bytes));
        request.headers.emplace_back("Content-Type", facts.init.media_type);
        request.headers.emplace_back(
            "Content-Disposition", "inline; filename*=UTF-8''" + percent_encode(facts.file_name)
        );
        request.headers.emplace_back("Idempotency-Key", '"' + facts.idempotency_key + '"');
        return request;
    }

    HttpRequest look(const std::string& url) const override { return call("HEAD", url); }

    HttpRequest append(const std::string& url, FileSlice slice, bool is_last) const override {
        auto request = call("PATCH", url);
        request.headers.emplace_back("Content-Type", "application/partial-upload");
        request.headers.emplace_back("Upload-Offset", std::to_string(slice.offset));
        request.headers.emplace_back("Upload-Complete", is_last ? "?1" : "?0");
        request.slice = slice;
        return request;
    }

    bool says_its_end() const override { return true; }
    std::string collection() const override { return collection_; }

  private:
    static HttpRequest call(std::string method, std::string url) {
        return {
            .method = std::move(method),
            .url = std::move(url),
            .headers = {{"Upload-Draft-Interop-Version", std::string(interop_version)}}
        };
    }

    std::string collection_;
};

}  // namespace

std::unique_ptr<StreamDialect> make_tus(std::string server) {
    return std::make_unique<Tus>(server);
}

std::unique_ptr<StreamDialect> make_rufh(std::string server) {
    return std::make_unique<Rufh>(server);
}

std::optional<std::string> resolve_location(std::string_view base, std::string_view location) {
    const auto at = split(base);
    const auto origin = std::string(at.scheme) + std::string(at.host);
    if (location.empty() || location.starts_with("//")) {
        return std::nullopt;
    }
    if (location.starts_with('/')) {
        return origin + std::string(location);
    }
    if (location.find("://") == std::string_view::npos) {
        return std::string(base.substr(0, base.rfind('/') + 1)) + std::string(location);
    }
    // A server behind a proxy may not know that it is reached by https.
    const auto to = split(location);
    return to.host == at.host ? std::optional(origin + std::string(to.rest)) : std::nullopt;
}

}  // namespace sluice::client
