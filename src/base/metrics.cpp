#include "base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

std::string render(Labels labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
    }
    return text;
}

std::string braces(std::string_view labels) {
    return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

template <class T>
T& get(std::map<std::string, std::unique_ptr<T>>& of, Labels labels) {
    auto& slot = of[render(labels)];
    if (!slot) {
        slot = std::make_unique<T>();
    }
    return *slot;
}

}  // namespace

void Histogram::observe(double seconds) {
    const auto* at = std::ranges::lower_bound(bounds_seconds, seconds);
    buckets_[at - std::begin(bounds_seconds)].fetch_add(1, std::memory_order_relaxed);
    sum_microseconds_.fetch_add(
        static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed
    );
}

Metrics::Family& Metrics::family(
    std::string_view name, std::string_view type, std::string_view help
) {
    Family& found = families_[std::string(name)];
    if (found.type.empty()) {
        found.type = type;
        found.help = help;
    }
    return found;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard guard(mutex_);
    return get(family(name, "counter", help).counters, labels);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard guard(mutex_);
    return get(family(name, "gauge", help).gauges, labels);
}

TimeCounter& Metrics::time_counter(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard guard(mutex_);
    return get(family(name, "counter", help).times, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard guard(mutex_);
    return get(family(name, "histogram", help).histograms, labels);
}

void Metrics::before_text(std::function<void()> refresh) {
    const std::lock_guard guard(mutex_);
    refreshers_.push_back(std::move(refresh));
}

void Metrics::append(std::string& out, const std::string& name, const Family& family) {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} {2}\n", name, family.help, family.type);
    for (const auto& [labels, counter] : family.counters) {
        fmt::format_to(to, "{}{} {}\n", name, braces(labels), counter->value());
    }
    for (const auto& [labels, gauge] : family.gauges) {
        fmt::format_to(to, "{}{} {}\n", name, braces(labels), gauge->value());
    }
    for (const auto& [labels, time] : family.times) {
        fmt::format_to(to, "{}{} {:.3f}\n", name, braces(labels), time->seconds());
    }
    for (const auto& [labels, histogram] : family.histograms) {
        append(out, name, labels, *histogram);
    }
}

void Metrics::append(
    std::string& out, const std::string& name, const std::string& labels, const Histogram& histogram
) {
    auto to = std::back_inserter(out);
    const std::string_view comma = labels.empty() ? "" : ",";
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < std::size(histogram.buckets_); ++i) {
        count += histogram.buckets_[i].load(std::memory_order_relaxed);
        const bool is_last = i == std::size(Histogram::bounds_seconds);
        const std::string bound =
            is_last ? "+Inf" : fmt::format("{}", Histogram::bounds_seconds[i]);
        fmt::format_to(to, "{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, bound, count);
    }
    const double sum = static_cast<double>(histogram.sum_microseconds_.load()) / 1e6;
    fmt::format_to(to, "{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, braces(labels), sum, count);
}

std::string Metrics::text() {
    std::vector<std::function<void()>> refreshers;
    {
        const std::lock_guard guard(mutex_);
        refreshers = refreshers_;
    }
    for (const auto& refresh : refreshers) {
        refresh();  // outside the lock: it asks for its gauges by name
    }
    const std::lock_guard guard(mutex_);
    std::string out;
    for (const auto& [name, family] : families_) {
        append(out, name, family);
    }
    return out;
}

}  // namespace sluice
