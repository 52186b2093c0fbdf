#include "cli/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::cli {

std::string bar_line(const ProgressFacts& facts, unsigned width) {
    auto line = fmt::format("{:<10} {:>3}%", facts.label, facts.percent);
    // From the terminal's width alone, so that the bar does not jump when the text beside it grows.
    constexpr unsigned beside = 64;
    if (width >= 40) {
        const std::size_t room = width < beside + 10 ? 10 : std::min(width - beside, 40U);
        const auto full = room * static_cast<std::size_t>(std::clamp(facts.percent, 0, 100)) / 100;
        line += " [" + std::string(full, '#') + std::string(room - full, '.') + "]";
    }
    line += " ";
    line += facts.detail;
    return line.substr(0, width);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    auto amount = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < units.size()) {
        amount /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", amount, units.at(unit));
}

void RateWindow::add(client::Milliseconds at, std::uint64_t bytes) {
    constexpr auto window = std::chrono::seconds(20);
    points_.push_back({at, bytes});
    while (points_.size() > 2 && points_.front().at + window < at) {
        points_.pop_front();
    }
}

std::optional<double> RateWindow::rate() const {
    if (points_.size() < 2 || points_.back().at <= points_.front().at) {
        return std::nullopt;
    }
    const auto bytes = points_.back().bytes - points_.front().bytes;
    const auto milliseconds = (points_.back().at - points_.front().at).count();
    return static_cast<double>(bytes) * 1000 / static_cast<double>(milliseconds);
}

std::optional<std::uint64_t> RateWindow::seconds_left(std::uint64_t bytes_left) const {
    const auto speed = rate();
    if (!speed || *speed <= 0) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(bytes_left) / *speed));
}

}  // namespace sluice::cli
