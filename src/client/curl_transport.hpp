// HttpTransport on libcurl. Keeps idle handles, and with them their connections, for the next
// request. An answer's body is bounded; a transfer that moves no byte for a minute is given up
// (slow is allowed, silent is not). Redirects are not followed: a credential goes only where it was
// sent. Thread-safe.
#pragma once

#include <memory>

#include "client/transport.hpp"

namespace sluice::client {

class CurlTransport final : public HttpTransport {
  public:
    CurlTransport();
    ~CurlTransport() override;
    CurlTransport(const CurlTransport&) = delete;
    CurlTransport& operator=(const CurlTransport&) = delete;
    CurlTransport(CurlTransport&&) = delete;
    CurlTransport& operator=(CurlTransport&&) = delete;

    std::expected<HttpAnswer, NetworkError> exchange(
        const HttpRequest& request, const StopFlag& stop
    ) override;

  private:
    class Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace sluice::client
