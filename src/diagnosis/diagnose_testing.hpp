// Traces for the tests of diagnosis, written down call after call, and the table's row.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "diagnosis/diagnose.hpp"

namespace sluice::diagnosis {

using namespace std::chrono_literals;

inline constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};
inline const std::string id = "1349803915521482754";

// A trace as it is written down, call after call.
class Story1 {
  public:
    Call& add(std::string method, std::string command, int status) {
        Call call;
        call.method = std::move(method);
        call.origin = "https://upload.twitter.com";
        call.path = "/1.1/media/upload.json";
        call.command = command;
        if (call.path == "/1.1/media/upload.json" && command != "ONE_SHOT" && command != "USE" &&
            command != "METADATA" && !command.empty()) {
            call.parameters["command"] = std::move(command);
        }
        call.status = status;
        call.credentials = Credentials::oauth1;
        call.at = call.last_at = start + std::chrono::seconds(trace.calls.size());
        trace.calls.push_back(std::move(call));
        return trace.calls.back();
    }
    Call& init(std::uint64_t total, std::string category = "tweet_video") {
        Call& call = add("POST", "INIT", 202);
        call.parameters["total_bytes"] = std::to_string(total);
        call.parameters["media_type"] = "video/mp4";
        if (!category.empty()) {
            call.parameters["media_category"] = std::move(category);
        }
        call.media_id = id;
        call.expires_after = 86400;
        return call;
    }
    Call& append(std::uint64_t index, std::uint64_t bytes, int status = 204) {
        Call& call = about("POST", "APPEND", status);
        call.parameters["segment_index"] = std::to_string(index);
        call.segment = index;
        call.media = SeenMedia{.name = "media", .bytes = bytes};
        return call;
    }
    Call& about(std::string method, std::string command, int status) {
        Call& call = add(std::move(method), std::move(command), status);
        call.parameters["media_id"] = id;
        call.media_id = id;
        return call;
    }
    Call& finalize(int status = 201, std::string state = "pending") {
        Call& call = about("POST", "FINALIZE", status);
        call.state = std::move(state);
        return call;
    }
    Call& status(int code, std::string state = "") {
        Call& call = about("GET", "STATUS", code);
        call.state = std::move(state);
        return call;
    }
    Call& use(int status) {
        Call& call = add("POST", "USE", status);
        call.path = "/1.1/statuses/update.json";
        call.parameters["media_ids"] = id;
        return call;
    }
    static void x(Call& call, int code, std::string text) {
        call.x_code = code;
        call.text = std::move(text);
    }
    // Up to a FINALIZE that was taken.
    void sent(std::uint64_t total = 8) {
        init(total);
        append(0, total);
        finalize();
    }

    Trace trace;
};

struct Row {
    const char* name;
    const char* code;
    std::function<void(Story1&)> tell;
    Confidence at_most = Confidence::possible;
};

class Diagnosis : public testing::TestWithParam<Row> {};

}  // namespace sluice::diagnosis
