// GET /api/v1/system, with the scope admin: what this server is and how it was set up. For operators
// and the console.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/response.hpp"
#include "protocol/common/exchange.hpp"
#include "server/settings.hpp"

namespace sluice::server {

// What of it was found on this machine; empty: it was not.
struct FoundTools {
    std::string ffmpeg;  // where it is
    std::string worker;
};
FoundTools find_tools();

class SystemEndpoint {
  public:
    // `settings` outlives it.
    SystemEndpoint(const Settings& settings, std::size_t connections_max, WallTime started)
        : settings_(settings),
          connections_max_(connections_max),
          started_(started),
          tools_(find_tools()) {}

    static bool serves(std::string_view path) { return path == "/api/v1/system"; }
    http::Response handle(const protocol::Exchange& exchange) const;
    // All before anybody asks.
    void set_decoders(std::string versions) { decoders_ = std::move(versions); }
    void set_sandbox(std::string_view mode) { sandbox_ = mode; }
    void set_storage(std::string_view way) { storage_ = way; }
    const FoundTools& tools() const { return tools_; }

  private:
    std::string as_json() const;

    const Settings& settings_;
    const std::size_t connections_max_;
    const WallTime started_;
    const FoundTools tools_;
    std::string sandbox_ = "none";
    std::string storage_;
    std::string decoders_;  // empty: none run here
};

}  // namespace sluice::server
