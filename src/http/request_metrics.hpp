// Counts requests and writes the access log. One per event loop, so its cache of handles needs no
// lock; the numbers themselves are shared. Labels come from closed sets only: routes, known
// methods, status codes, error slugs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/metrics.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::http {

// What became of one request.
struct Served {
    std::string_view method;  // of a head that could not be parsed: HEAD or empty
    std::string_view path;    // without the query
    std::string_view request_id;
    std::string_view route;       // "x1.append": protocol and route; empty is "none"
    std::string_view error_code;  // empty is none
    int status = 0;
    std::chrono::microseconds took{0};
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
};

class RequestMetrics {
  public:
    explicit RequestMetrics(Metrics& metrics);

    void connection_opened() { connections_.add(1); }
    void connection_closed() { connections_.add(-1); }
    void count(const Served& served);

  private:
    // What the request before was counted by.
    struct Last {
        std::string route;
        std::string method;
        int status = 0;
        Counter* requests = nullptr;
        Histogram* duration = nullptr;
    };

    bool is_like_last(const Served& served) const;
    Counter& requests(const Served& served);
    Histogram& duration(std::string_view route);
    Counter& errors(std::string_view code);

    Metrics& metrics_;
    Gauge& connections_;
    Counter& received_;
    Counter& sent_;
    Last last_;
    std::string key_;  // reused, so that a known key costs no allocation
    std::unordered_map<std::string, Counter*> requests_;
    std::unordered_map<std::string, Histogram*> durations_;
    std::unordered_map<std::string, Counter*> errors_;
};

}  // namespace sluice::http
