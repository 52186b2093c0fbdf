// The seam between the client and the network: one request, one answer. Implemented by
// CurlTransport, and by a script in the tests. `exchange` blocks, may be called from several
// threads at once, and never retries: that is the caller's decision. A body may have a slice of a
// file in its middle, which is streamed, never held whole.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::client {

using Headers = std::vector<std::pair<std::string, std::string>>;
using StopFlag = std::atomic<bool>;

// A run of bytes of an open file, read by pread; the descriptor belongs to somebody who outlives
// the exchange.
struct FileSlice {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct HttpRequest {
    std::string method = "GET";
    std::string url = {};
    Headers headers = {};
    std::string body = {};
    // If set, the body is `body`, then these bytes, then `body_end`.
    std::optional<FileSlice> slice = std::nullopt;
    std::string body_end = {};
};

struct HttpAnswer {
    int status = 0;
    std::string body = {};
    std::string request_id = {};
    std::string error_code = {};  // the header Sluice-Error
    // Of resumable uploads.
    std::string location = {};
    std::string media_id = {};  // Sluice-Media-Id
    std::optional<std::uint64_t> upload_offset = std::nullopt;
    bool upload_complete = false;
    std::optional<std::uint64_t> append_bytes_max =
        std::nullopt;  // max-append-size of Upload-Limit
    std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

// No answer: refused, reset, timed out, or `stop` was raised. The text is for people.
struct NetworkError {
    std::string text;
};

class HttpTransport {
  public:
    virtual ~HttpTransport() = default;
    virtual std::expected<HttpAnswer, NetworkError> exchange(
        const HttpRequest& request, const StopFlag& stop
    ) = 0;
};

}  // namespace sluice::client
