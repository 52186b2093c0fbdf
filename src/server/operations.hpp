// What operators ask: /livez, /readyz, /version, /metrics. No protocol of uploads.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "base/metrics.hpp"
#include "http/handler.hpp"
#include "runtime/run_blocking.hpp"
#include "store/metadata_store.hpp"

namespace sluice::server {

class Operations {
  public:
    Operations(Metrics& metrics, MetadataStore& metadata, runtime::BlockingPool& pool)
        : metrics_(metrics), metadata_(metadata), pool_(pool) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(const http::Request& request);
    // Not ready any more; set when the server begins to stop.
    void set_draining() { is_draining_ = true; }

  private:
    boost::asio::awaitable<http::Response> readiness();
    boost::asio::awaitable<http::Response> metrics_page();

    Metrics& metrics_;
    MetadataStore& metadata_;
    runtime::BlockingPool& pool_;
    std::atomic<bool> is_draining_ = false;
};

}  // namespace sluice::server
