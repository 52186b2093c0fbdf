// Transport: HTTP requests by libcurl, on threads of its own, with connections that are used again.
// It neither signs nor repeats nor follows anything. perform() blocks on a Signal, so that work on a
// fiber leaves its thread to others meanwhile. Thread-safe; what it was given is in use until
// perform() returns.
//
// Times: 3 s to connect; an exchange in which nothing moves for 10 s, looked at each second, is given
// up. Slow is allowed.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/s3/body.hpp"

namespace sluice::s3 {

struct HttpRequest {
    std::string method;
    std::string url;
    std::vector<std::string> headers;  // "name: value"
    const Body* body = nullptr;        // none: no body at all
    // Where the body of a 2xx answer goes; more than fits is an error. Empty: into HttpReply::text.
    std::span<std::byte> into;
    std::chrono::milliseconds patience{0};  // with all of it; 0: as long as something moves
};

struct HttpReply {
    long status = 0;              // 0: no whole answer came
    std::string failure;          // then: why
    bool was_connected = true;    // false: nothing of the request has left
    bool was_sent_again = false;  // on a new connection, since the kept one had ended
    std::map<std::string, std::string> headers;  // names in lower case
    std::string text;
    std::size_t received = 0;  // bytes in `into`

    bool is_success() const { return status >= 200 && status < 300; }
};

struct TransportTimes {
    std::chrono::milliseconds connect{3'000};
    std::chrono::seconds silence{10};
};

class Transport {
  public:
    explicit Transport(TransportTimes times = {}, unsigned threads = 2);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    HttpReply perform(const HttpRequest& request);
    // Nobody waits for it, and nobody hears how it ended. For requests without a body.
    void send_off(HttpRequest request);

  private:
    class Loop;
    Loop& next_loop();

    std::vector<std::unique_ptr<Loop>> loops_;
    std::atomic<std::size_t> next_ = 0;
};

}  // namespace sluice::s3
