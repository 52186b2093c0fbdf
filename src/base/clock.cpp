#include "base/clock.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace sluice {
namespace {

std::tm broken_down(WallTime time) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return parts;
}

}  // namespace

WallTime SystemClock::now() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(WallTime time) {
    // Lines of a log come many in a second.
    struct LastSecond {
        std::chrono::sys_seconds second{};
        std::string text = "1970-01-01T00:00:00.";
    };
    thread_local LastSecond last;
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != last.second) {
        const std::tm t = broken_down(time);
        last.second = second;
        last.text = fmt::format(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.",
            t.tm_year + 1900,
            t.tm_mon + 1,
            t.tm_mday,
            t.tm_hour,
            t.tm_min,
            t.tm_sec
        );
    }
    const auto milliseconds = static_cast<int>((time - second).count());
    std::string text = last.text;
    for (const int unit : {100, 10, 1}) {
        text += static_cast<char>('0' + ((milliseconds / unit) % 10));
    }
    text += 'Z';
    return text;
}

std::string http_date(WallTime time) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    struct LastSecond {
        std::chrono::sys_seconds second{};
        std::string text;
    };
    thread_local LastSecond last;
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second == last.second && !last.text.empty()) {
        return last.text;
    }
    const std::tm t = broken_down(time);
    last.second = second;
    last.text = fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        days[static_cast<std::size_t>(t.tm_wday)],
        t.tm_mday,
        months[static_cast<std::size_t>(t.tm_mon)],
        t.tm_year + 1900,
        t.tm_hour,
        t.tm_min,
        t.tm_sec
    );
    return last.text;
}

}  // namespace sluice
