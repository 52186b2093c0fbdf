#include "http/request_metrics.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"

namespace sluice::http {

namespace {

std::string_view method_label(std::string_view method) {
    constexpr std::array<std::string_view, 7> known{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"
    };
    const auto found = std::ranges::find(known, method);
    return found == known.end() ? "other" : *found;
}

// "x1.append" is protocol "x1" and route "append"; without a dot the protocol is "http".
std::pair<std::string_view, std::string_view> split_route(std::string_view route) {
    if (route.empty()) {
        return {"http", "none"};
    }
    const auto dot = route.find('.');
    if (dot == std::string_view::npos) {
        return {"http", route};
    }
    return {route.substr(0, dot), route.substr(dot + 1)};
}

}  // namespace

RequestMetrics::RequestMetrics(Metrics& metrics)
    : metrics_(metrics),
      connections_(metrics.gauge("sluice_http_connections", "Open connections.")),
      received_(
          metrics.counter("sluice_http_received_bytes_total", "Bytes received, heads included.")
      ),
      sent_(metrics.counter("sluice_http_sent_bytes_total", "Bytes sent, heads included.")) {}

void RequestMetrics::count(const Served& served) {
    if (!is_like_last(served)) {
        last_ = {
            std::string(served.route),
            std::string(served.method),
            served.status,
            &requests(served),
            &duration(served.route)
        };
    }
    last_.requests->add();
    last_.duration->observe(std::chrono::duration<double>(served.took).count());
    received_.add(served.received);
    sent_.add(served.sent);
    if (!served.error_code.empty()) {
        errors(served.error_code).add();
    }
    log::info(
        "http_request",
        "request served",
        {{"method", served.method},
         {"path", served.path},
         {"status", served.status},
         {"ms", static_cast<double>(served.took.count()) / 1000},
         {"bytes", served.received},
         {"bytes_sent", served.sent},
         {"request_id", served.request_id},
         {"code", served.error_code}}
    );
}

// Most come in runs: clients that poll.
bool RequestMetrics::is_like_last(const Served& served) const {
    return last_.requests != nullptr && last_.status == served.status &&
           last_.route == served.route && last_.method == served.method;
}

Counter& RequestMetrics::requests(const Served& served) {
    const auto method = method_label(served.method);
    const auto status = std::to_string(served.status);
    key_.assign(served.route).append(1, '|').append(method).append(1, '|').append(status);
    auto& handle = requests_[key_];
    if (handle == nullptr) {
        const auto [protocol, route] = split_route(served.route);
        handle = &metrics_.counter(
            "sluice_http_requests_total",
            "Requests answered.",
            {{"protocol", protocol}, {"route", route}, {"method", method}, {"code", status}}
        );
    }
    return *handle;
}

Histogram& RequestMetrics::duration(std::string_view route) {
    key_.assign(route);
    auto& handle = durations_[key_];
    if (handle == nullptr) {
        handle = &metrics_.histogram(
            "sluice_http_request_duration_seconds",
            "From the head's first byte to the answer's last.",
            {{"route", route.empty() ? "none" : route}}
        );
    }
    return *handle;
}

Counter& RequestMetrics::errors(std::string_view code) {
    key_.assign(code);
    auto& handle = errors_[key_];
    if (handle == nullptr) {
        handle =
            &metrics_.counter("sluice_errors_total", "Errors answered, by code.", {{"code", code}});
    }
    return *handle;
}

}  // namespace sluice::http
