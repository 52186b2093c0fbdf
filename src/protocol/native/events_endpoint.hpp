// GET /api/v1/events: what happens, as server-sent events, from now on or from behind Last-Event-ID
// (or ?after=).
//   event: upload | request, data: {"media_id","call","status","code","request_id","at"},
//   of a request also "method"
//   event: missed    more happened than is kept: look at everything anew
// Everybody hears of their own; in open mode, and with the scope admin, of everybody's. An event "beat"
// every 15 s shows that the line stands. It ends with the key or session that it was opened with.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "service/keys.hpp"

namespace sluice::protocol::native {

class EventsEndpoint {
  public:
    // Each watcher holds a connection.
    static constexpr int watchers_max = 200;

    EventsEndpoint(const Context& context, Keys& keys) : context_(context), keys_(keys) {}

    static bool serves(std::string_view path) { return path == "/api/v1/events"; }
    http::Response handle(Exchange& exchange) const;

  private:
    const Context& context_;
    Keys& keys_;
    std::shared_ptr<std::atomic<int>> watchers_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace sluice::protocol::native
