// What the connections of one loop share. Touched on that loop's thread only.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ring_node.hpp"
#include "http/connection_budget.hpp"
#include "http/connection_limits.hpp"
#include "http/handler.hpp"
#include "http/request_metrics.hpp"

namespace sluice::http {

struct LoopServices {
    LoopServices(
        Handler& to,
        Metrics& metrics_to,
        const Clock& time,
        const ConnectionLimits& bounds,
        std::shared_ptr<ConnectionBudget> all
    )
        : handler(to), clock(time), limits(bounds), budget(std::move(all)), metrics(metrics_to) {}

    // The Date of now, written anew once a second.
    const std::string& date(WallTime now);
    // From now on every answer closes, and who waits for a request is closed, unless it has come.
    void drain();
    // False: none is idle.
    bool close_longest_idle();
    // False: none lingers, or its client could not read the answer yet.
    bool cut_longest_lingering();
    // An empty one.
    std::unique_ptr<Request> take_request();
    std::string take_text();
    void give_back(std::unique_ptr<Request> request, std::string text);

    Handler& handler;
    const Clock& clock;
    const ConnectionLimits limits;
    const std::shared_ptr<ConnectionBudget> budget;  // of all loops
    RequestMetrics metrics;
    RingNode idle;       // of Connections, the longest idle first
    RingNode lingering;  // of those whose answer has gone, and whose client still sends
    std::string head;    // of the answer that is being made; between two waits it is nobody's
    // Requests and answers that are over, for the memory that they keep.
    std::vector<std::unique_ptr<Request>> spare;
    std::vector<std::string> spare_texts;
    bool is_draining = false;
    std::size_t farewells = 0;  // connections without a place that are told so

  private:
    std::string date_;
    std::chrono::sys_seconds date_second_{};
};

}  // namespace sluice::http
