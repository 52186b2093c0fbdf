#include "server/pools.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::server {
namespace {

void add_metrics(Metrics& metrics, std::string_view name, const runtime::BlockingPool& pool) {
    Gauge& queued = metrics.gauge(
        "sluice_pool_queued", "Pieces of blocking work that wait for a thread", {{"pool", name}}
    );
    Gauge& busy = metrics.gauge(
        "sluice_pool_busy", "Pieces of blocking work that are under way", {{"pool", name}}
    );
    metrics.before_text([&queued, &busy, &pool] {
        const auto load = pool.load();
        queued.set(static_cast<std::int64_t>(load.queued));
        busy.set(static_cast<std::int64_t>(load.busy));
    });
}

}  // namespace

Pools::Pools(Metrics& metrics) {
    add_metrics(metrics, "reads", reads);
    add_metrics(metrics, "control", control);
    add_metrics(metrics, "bulk", bulk);
    add_metrics(metrics, "background", background);
}

void Pools::stop_and_join() {
    reads.stop_and_join();
    control.stop_and_join();
    bulk.stop_and_join();
    background.stop_and_join();
}

}  // namespace sluice::server
