// What operators ask: /livez, /readyz, /version for everybody, /metrics with the scope admin. No
// protocol of uploads.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/metrics.hpp"
#include "http/handler.hpp"
#include "protocol/common/exchange.hpp"
#include "runtime/run_blocking.hpp"
#include "store/metadata_store.hpp"

namespace sluice::server {

class Operations {
  public:
    Operations(Metrics& metrics, MetadataStore& metadata, runtime::BlockingPool& pool)
        : metrics_(metrics), metadata_(metadata), pool_(pool) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(const protocol::Exchange& exchange);
    // "on" or "off", for /readyz and /version; before anybody asks. Without it: nothing decodes here.
    void set_sandbox(std::string_view mode) { sandbox_ = mode; }
    // What this process is among those that share its uploads; before anybody asks. Without it: all,
    // alone.
    void set_node(std::string role, std::uint64_t number) {
        role_ = std::move(role);
        node_ = number;
    }
    // Not ready any more; set when the server begins to stop.
    void set_draining() { is_draining_ = true; }
    bool is_draining() const { return is_draining_; }

  private:
    http::Response version() const;
    boost::asio::awaitable<http::Response> readiness();
    boost::asio::awaitable<http::Response> metrics_page(const protocol::Exchange& exchange);

    Metrics& metrics_;
    MetadataStore& metadata_;
    runtime::BlockingPool& pool_;
    std::string_view sandbox_ = "none";
    std::string role_ = "all";
    std::uint64_t node_ = 0;
    std::atomic<bool> is_draining_ = false;
};

}  // namespace sluice::server
