// For tests only: X's media API in memory, behind the client's transport seam. Keeps the segments
// it got, repeats them harmlessly, checks sums at FINALIZE, and answers from a script where a test
// wants a fault. Thread-safe.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/timer.hpp"
#include "client/transport.hpp"

namespace sluice::client::testing {

// Does not wait: remembers what was asked, and lets the time pass.
class FakeTimer final : public Timer {
  public:
    Milliseconds now() override {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    void wait(Milliseconds duration, const StopFlag&) override {
        const std::lock_guard lock(mutex_);
        now_ += duration;
        waits.push_back(duration);
    }
    std::vector<Milliseconds> waits;

  private:
    std::mutex mutex_;
    Milliseconds now_{0};
};

class FakeX final : public HttpTransport {
  public:
    using Fault = std::optional<std::expected<HttpAnswer, NetworkError>>;

    // Asked first, with the call's name (INIT, APPEND 3, FINALIZE, STATUS, GET, DELETE) and how
    // often it was made.
    std::function<Fault(const std::string&, int)> fault;
    // What STATUS answers, in turn; the last one is repeated. Empty: media is ready at FINALIZE.
    std::vector<std::string> processing;
    // Seen by tests after the upload.
    std::map<std::string, std::map<int, std::string>> uploads;
    std::vector<std::string> calls;
    std::vector<Headers> headers;
    std::string last_init_body;
    std::vector<std::string> annotations;  // URL and body
    std::map<std::string, int> counts;

    std::expected<HttpAnswer, NetworkError> exchange(
        const HttpRequest& request, const StopFlag& stop
    ) override {
        const std::lock_guard lock(mutex_);
        const auto name = name_of(request);
        const int times = ++counts[name];
        calls.push_back(name);
        headers.push_back(request.headers);
        if (stop.load()) {
            return std::unexpected(NetworkError{"stopped"});
        }
        if (fault) {
            if (auto scripted = fault(name, times)) {
                return *scripted;
            }
        }
        return answer(name, request);
    }

    std::string content(const std::string& media_id) {
        std::string all;
        for (const auto& [index, bytes] : uploads[media_id]) {
            all += bytes;
        }
        return all;
    }

    static HttpAnswer problem(int status, const std::string& code) {
        auto reply = HttpAnswer{.status = status};
        reply.body = R"({"title":"t","detail":"what happened","code":")" + code +
                     R"(","hint":"Do this.","next":{"curl":"curl x"},"doc_url":"http://d/)" + code +
                     R"(","request_id":"req_1"})";
        return reply;
    }

    // Whether the last segment stored under an index is dropped once, to be missed at FINALIZE.
    int index_to_lose = -1;
    bool lists_missing = true;

  private:
    static bool has(const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    }

    static std::string after(const std::string& text, const std::string& mark) {
        const auto at = text.find(mark);
        if (at == std::string::npos) {
            return {};
        }
        const auto begin = at + mark.size();
        return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
    }

    static std::string name_of(const HttpRequest& request) {
        if (has(request.url, "/api/v1/")) {
            return request.method;
        }
        if (request.slice) {
            return "APPEND " + after(request.body, "name=\"segment_index\"\r\n\r\n");
        }
        if (has(request.body, "command=INIT") || has(request.url, "/initialize")) {
            return "INIT";
        }
        if (has(request.url, "/metadata") || has(request.url, "/subtitles")) {
            return has(request.url, "/metadata") ? "ALT_TEXT" : "SUBTITLES";
        }
        const bool is_final =
            has(request.body, "command=FINALIZE") || has(request.url, "/finalize");
        return is_final ? "FINALIZE" : "STATUS";
    }

    static std::string id_of(const HttpRequest& request) {
        for (const auto* mark : {"/uploads/", "/2/media/upload/", "media_id="}) {
            if (auto id = after(request.url, mark); !id.empty()) {
                return id;
            }
        }
        auto id = after(request.body, "media_id=");
        return id.empty() ? after(request.body, "name=\"media_id\"\r\n\r\n") : id;
    }

    static std::string read(const FileSlice& slice) {
        std::string bytes(slice.length, '\0');
        const auto got =
            ::pread(slice.fd, bytes.data(), slice.length, static_cast<off_t>(slice.offset));
        if (got != static_cast<ssize_t>(slice.length)) {
            throw std::runtime_error("short read in a test");
        }
        return bytes;
    }

    HttpAnswer init(const HttpRequest& request) {
        const auto id = std::to_string(1000 + uploads.size());
        uploads[id] = {};
        last_init_body = request.body;
        auto total = after(request.body, "total_bytes=");
        totals_[id] = std::stoull(total.empty() ? after(request.body, "\"total_bytes\":") : total);
        return media(request, id, 202, "");
    }

    // In the words of the request's own version.
    static HttpAnswer media(
        const HttpRequest& request, const std::string& id, int status, const std::string& info
    ) {
        const auto extra = info.empty() ? "" : ",\"processing_info\":" + info;
        if (has(request.url, "/1.1/")) {
            auto body = "{\"media_id\":" + id + ",\"media_id_string\":\"" + id + "\"" + extra + "}";
            return {.status = status, .body = body};
        }
        return {.status = 200, .body = "{\"data\":{\"id\":\"" + id + "\"" + extra + "}}"};
    }

    std::string next_processing() {
        if (processing.empty()) {
            return "";
        }
        const auto at = std::min(looks_++, processing.size() - 1);
        return processing[at];
    }

    HttpAnswer finalize(const HttpRequest& request, const std::string& id) {
        if (uploads[id].erase(index_to_lose) == 1) {
            lost_ = std::exchange(index_to_lose, -1);
        }
        if (content(id).size() != totals_[id]) {
            return problem(400, "segment_missing");
        }
        return media(request, id, 201, next_processing());
    }

    HttpAnswer view(const std::string& id) {
        const auto missing = lists_missing && !uploads[id].contains(lost_) && lost_ >= 0
                                 ? std::to_string(lost_)
                                 : "";
        auto body = "{\"media_id\":\"" + id + "\",\"state\":\"ready\",\"media_key\":\"13_" + id;
        body += "\",\"size_bytes\":" + std::to_string(totals_[id]);
        body += ",\"segments\":{\"missing\":[" + missing + "]},\"outputs\":[{\"name\":\"video\",";
        body += "\"url\":\"/media/13_" + id + "/video.mp4\",\"content_type\":\"video/mp4\",";
        body += "\"size_bytes\":7}]}";
        return {.status = 200, .body = body};
    }

    HttpAnswer answer(const std::string& name, const HttpRequest& request) {
        if (name == "INIT") {
            return init(request);
        }
        if (name == "ALT_TEXT" || name == "SUBTITLES") {
            annotations.push_back(request.url + " " + request.body);
            return {.status = 200};
        }
        const auto id = id_of(request);
        if (!uploads.contains(id)) {
            return problem(404, "media_unknown");
        }
        if (name.starts_with("APPEND")) {
            uploads[id][std::stoi(name.substr(7))] = read(*request.slice);
            return {.status = has(request.url, "/1.1/") ? 204 : 200};
        }
        if (name == "FINALIZE") {
            return finalize(request, id);
        }
        if (name == "DELETE") {
            uploads.erase(id);
            return {.status = 204};
        }
        return name == "GET" ? view(id) : media(request, id, 200, next_processing());
    }

    std::mutex mutex_;
    std::map<std::string, std::uint64_t> totals_;
    std::size_t looks_ = 0;
    int lost_ = -1;
};

}  // namespace sluice::client::testing
