// What the server's answers mean: media objects, processing states, uploads of the native API, and
// errors in each of their shapes (v1.1 `errors[]` with `sluice`, problem+json of v2 and the native
// API). Pure. Data from outside: every member may be missing or of another type, and is then taken
// for absent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/outcome.hpp"
#include "client/transport.hpp"

namespace sluice::client {

// processing_info: X's four states.
struct Processing {
    std::string state;  // pending, in_progress, succeeded, failed
    std::optional<std::chrono::seconds> check_after;
    std::optional<int> percent;
    std::string error_name;
    std::string error_message;
};

// A media object of v1.1, or the `data` of v2.
struct Media {
    std::string media_id;
    std::string media_key;
    std::uint64_t size = 0;
    // None means: ready to use.
    std::optional<Processing> processing;
};

struct Output {
    std::string name;
    std::string url;
    std::string content_type;
    std::uint64_t size_bytes = 0;
};

// The upload object of the native API.
struct UploadView {
    std::string media_id;
    std::string media_key;
    std::string state;
    std::string category;
    std::string created_at;
    std::uint64_t size_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::optional<int> percent;
    std::optional<std::chrono::seconds> check_after;
    std::string error_message;
    // Indexes, if the server lists them.
    std::vector<std::uint32_t> missing;
    std::vector<Output> outputs;
};

struct UploadPage {
    std::vector<UploadView> uploads;
    std::string next;  // cursor, empty at the end
};

// Nothing if there is no usable id.
std::optional<Media> parse_media(const std::string& body);
std::optional<UploadView> parse_upload(const std::string& body);
std::optional<UploadPage> parse_uploads(const std::string& body);

// The failure that an answer with a status of 400 and more tells.
Failure failure_from(const HttpAnswer& answer);

}  // namespace sluice::client
