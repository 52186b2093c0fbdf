// Progress as text, on a terminal (bars that fit its width) and off it (whole lines). Pure: made
// from numbers, so that it tests without a terminal. The bytes are those that the server
// acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "client/timer.hpp"

namespace sluice::cli {

struct ProgressFacts {
    std::string_view label;
    int percent = 0;
    std::string_view detail;  // right of the bar
};

// At most `width` columns; below 40 the bar is left out.
std::string bar_line(const ProgressFacts& facts, unsigned width);

// 12.0 MiB, 640 B
std::string bytes_text(std::uint64_t bytes);

// The last 20 seconds of acknowledged bytes, for a rate and an honest rest.
class RateWindow {
  public:
    void add(client::Milliseconds at, std::uint64_t bytes);
    // Bytes in a second; nothing before there is anything to measure.
    std::optional<double> rate() const;
    std::optional<std::uint64_t> seconds_left(std::uint64_t bytes_left) const;

  private:
    struct Point {
        client::Milliseconds at;
        std::uint64_t bytes;
    };
    std::deque<Point> points_;
};

}  // namespace sluice::cli
