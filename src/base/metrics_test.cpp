#include "base/metrics.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Metrics, GivesTheSameCounterForTheSameLabels) {
    Metrics metrics;
    metrics.counter("a_total", "help", {{"code", "x\"y"}}).add();
    metrics.counter("a_total", "help", {{"code", "x\"y"}}).add(2);
    EXPECT_NE(metrics.text().find("a_total{code=\"x\\\"y\"} 3\n"), std::string::npos);
}

TEST(Metrics, CountsHistogramBucketsUpwards) {
    Metrics metrics;
    metrics.histogram("h_seconds", "help").observe(0.002);
    metrics.histogram("h_seconds", "help").observe(100);
    const std::string text = metrics.text();
    EXPECT_NE(text.find("h_seconds_bucket{le=\"0.001\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("h_seconds_bucket{le=\"0.0025\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("h_seconds_bucket{le=\"+Inf\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("h_seconds_count 2\n"), std::string::npos);
}

TEST(Metrics, RefreshesGaugesBeforeTheText) {
    Metrics metrics;
    metrics.before_text([&metrics] { metrics.gauge("g", "help").set(7); });
    EXPECT_NE(metrics.text().find("g 7\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice
