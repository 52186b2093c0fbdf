// Counters, gauges and histograms in the text format of Prometheus. Base units; labels only from
// closed sets (routes, codes), never ids or user input. A handle is got once and then costs one
// atomic operation. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Counter {
  public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
  public:
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
    void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_ = 0;
};

// Time that only grows, in seconds with their fractions.
class TimeCounter {
  public:
    void set(std::chrono::microseconds n) { value_.store(n.count(), std::memory_order_relaxed); }
    double seconds() const {
        return static_cast<double>(value_.load(std::memory_order_relaxed)) / 1e6;
    }

  private:
    std::atomic<std::int64_t> value_ = 0;
};

class Histogram {
  public:
    static constexpr double bounds_seconds[] = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60
    };
    void observe(double seconds);

  private:
    friend class Metrics;
    std::atomic<std::uint64_t> buckets_[std::size(bounds_seconds) + 1] = {};
    std::atomic<std::uint64_t> sum_microseconds_ = 0;
};

class Metrics {
  public:
    // The same name and labels give the same object, which lives as long as the Metrics.
    Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
    TimeCounter& time_counter(std::string_view name, std::string_view help, Labels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});
    // Run before each `text()`, to set gauges that are read rather than counted.
    void before_text(std::function<void()> refresh);
    std::string text();

  private:
    struct Family {
        std::string type;
        std::string help;
        std::map<std::string, std::unique_ptr<Counter>> counters;  // by rendered labels
        std::map<std::string, std::unique_ptr<Gauge>> gauges;
        std::map<std::string, std::unique_ptr<TimeCounter>> times;
        std::map<std::string, std::unique_ptr<Histogram>> histograms;
    };
    Family& family(std::string_view name, std::string_view type, std::string_view help);
    static void append(std::string& out, const std::string& name, const Family& family);
    static void append(
        std::string& out,
        const std::string& name,
        const std::string& labels,
        const Histogram& histogram
    );

    std::mutex mutex_;
    std::map<std::string, Family> families_;
    std::vector<std::function<void()>> refreshers_;
};

}  // namespace sluice
