#include "diagnosis/times.hpp"

#include <array>

#include "base/text.hpp"

namespace sluice::diagnosis {
namespace {

using namespace std::chrono;

// The decimal number at a fixed place; nothing if there is none.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t length) {
    if (text.size() < at + length) {
        return std::nullopt;
    }
    const auto number = parse_unsigned(text.substr(at, length));
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<milliseconds> clock_at(std::string_view text, std::size_t at) {
    const auto hours_of = number_at(text, at, 2);
    const auto minutes_of = number_at(text, at + 3, 2);
    const auto seconds_of = number_at(text, at + 6, 2);
    if (!hours_of || !minutes_of || !seconds_of || *hours_of > 24 || *minutes_of > 59 ||
        *seconds_of > 60 || text[at + 2] != ':' || text[at + 5] != ':') {
        return std::nullopt;
    }
    return hours(*hours_of) + minutes(*minutes_of) + seconds(*seconds_of);
}

std::optional<sys_days> date_of(int year_of, unsigned month_of, unsigned day_of) {
    const year_month_day date{year(year_of), month(month_of), day(day_of)};
    return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

// ".123456" from `at`; moves `at` behind it.
milliseconds fraction_at(std::string_view text, std::size_t& at) {
    int value = 0;
    int weight = 100;
    if (at >= text.size() || text[at] != '.') {
        return milliseconds(0);
    }
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        value += (text[at] - '0') * weight;
        weight /= 10;
    }
    return milliseconds(value);
}

}  // namespace

std::optional<std::int64_t> seconds_of_http_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    const auto day_of = number_at(text, 5, 2);
    const auto year_of = number_at(text, 12, 4);
    const auto clock = text.size() >= 25 ? clock_at(text, 17) : std::nullopt;
    unsigned month_of = 0;
    for (unsigned i = 0; i < months.size() && text.size() > 11; ++i) {
        month_of = text.substr(8, 3) == months[i] ? i + 1 : month_of;
    }
    if (!day_of || !year_of || !clock || month_of == 0) {
        return std::nullopt;
    }
    const auto date = date_of(*year_of, month_of, static_cast<unsigned>(*day_of));
    return date ? std::optional(duration_cast<seconds>((*date + *clock).time_since_epoch()).count())
                : std::nullopt;
}

std::optional<WallTime> time_of(std::string_view text) {
    const auto year_of = number_at(text, 0, 4);
    const auto month_of = number_at(text, 5, 2);
    const auto day_of = number_at(text, 8, 2);
    const auto clock = text.size() >= 19 ? clock_at(text, 11) : std::nullopt;
    if (!year_of || !month_of || !day_of || !clock) {
        return std::nullopt;
    }
    const auto date =
        date_of(*year_of, static_cast<unsigned>(*month_of), static_cast<unsigned>(*day_of));
    if (!date) {
        return std::nullopt;
    }
    std::size_t at = 19;
    WallTime time = *date + *clock + fraction_at(text, at);
    const bool has_offset = at < text.size() && (text[at] == '+' || text[at] == '-');
    const auto offset_hours = has_offset ? number_at(text, at + 1, 2) : std::nullopt;
    const auto offset_minutes = has_offset ? number_at(text, at + 4, 2) : std::nullopt;
    if (offset_hours) {
        const auto offset = hours(*offset_hours) + minutes(offset_minutes.value_or(0));
        time = text[at] == '+' ? time - offset : time + offset;
    }
    return time;
}

std::optional<milliseconds> time_of_day(std::string_view text) {
    const auto clock = text.size() >= 8 ? clock_at(text, 0) : std::nullopt;
    std::size_t at = 8;
    return clock ? std::optional(*clock + fraction_at(text, at)) : std::nullopt;
}

}  // namespace sluice::diagnosis
