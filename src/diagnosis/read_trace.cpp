#include "diagnosis/read_trace.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "diagnosis/json_reading.hpp"
#include "diagnosis/times.hpp"

namespace sluice::diagnosis {
namespace {

namespace json = boost::json;

Error unreadable(std::string facts) {
    return {.code = ErrorCode::parameter_invalid, .facts = std::move(facts)};
}

std::optional<std::chrono::milliseconds> seconds_in(
    const json::object& event, std::string_view name
) {
    const auto* member = event.if_contains({name.data(), name.size()});
    if (member == nullptr || !member->is_number()) {
        return std::nullopt;
    }
    boost::system::error_code error;
    const double number = member->to_number<double>(error);
    const bool is_sane = !error && number >= 0 && number < 1e9;
    return is_sane
               ? std::optional(std::chrono::milliseconds(static_cast<std::int64_t>(number * 1000)))
               : std::nullopt;
}

Call call_of_event(const json::object& event) {
    Call call;
    call.command = text_of(event, "call");
    call.status = static_cast<int>(integer_of(event, "status").value_or(0));
    call.code = text_of(event, "code");
    call.text = text_of(event, "facts");
    call.at = time_of(text_of(event, "time"));
    call.last_at = time_of(text_of(event, "last_time"));
    call.count = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(integer_of(event, "count").value_or(1), 1, 1'000'000)
    );
    if (const auto segment = integer_of(event, "segment_index"); segment && *segment >= 0) {
        call.segment = static_cast<std::uint64_t>(*segment);
    }
    if (const auto bytes = integer_of(event, "size_bytes"); bytes && *bytes >= 0) {
        call.media = SeenMedia{.name = "media", .bytes = static_cast<std::uint64_t>(*bytes)};
    }
    if (const auto advised = seconds_in(event, "check_after_secs")) {
        call.check_after = std::chrono::duration_cast<std::chrono::seconds>(*advised);
    }
    call.asked_after = seconds_in(event, "asked_after_secs");
    if (const auto advised = seconds_in(event, "advised_secs")) {
        call.advised_before = std::chrono::duration_cast<std::chrono::seconds>(*advised);
    }
    return call;
}

bool add_event(Trace& trace, const json::value& value) {
    const auto* event = value.if_object();
    if (event == nullptr || text_of(*event, "call").empty()) {
        return false;
    }
    trace.calls.push_back(call_of_event(*event));
    return true;
}

Error too_many() {
    return unreadable(
        "It has more than " + std::to_string(recorded_calls_max) +
        " events, which is the most that is read."
    );
}

Result<Trace> read_lines(std::string_view text) {
    Trace trace;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) {
            continue;
        }
        if (trace.calls.size() >= recorded_calls_max) {
            return too_many();
        }
        const auto value = parse_bounded(line);
        if (!value || !add_event(trace, *value)) {
            return unreadable("A line is no event of a timeline: \"" + printable(line, 80) + "\".");
        }
    }
    return trace;
}

}  // namespace

Result<Trace> read_timeline(std::string_view text) {
    const auto value = parse_bounded(text);
    if (!value) {
        return read_lines(text);
    }
    const auto* object = value->if_object();
    const auto* events = object != nullptr ? array_of(*object, "data") : nullptr;
    Trace trace;
    if (events == nullptr) {
        return add_event(trace, *value)
                   ? Result<Trace>(std::move(trace))
                   : unreadable("It is JSON, but neither a HAR file nor a timeline.");
    }
    if (events->size() > recorded_calls_max) {
        return too_many();
    }
    for (const json::value& event : *events) {
        if (!add_event(trace, event)) {
            return unreadable("An entry of \"data\" is no event of a timeline.");
        }
    }
    return trace;
}

Result<Trace> read_trace(std::string_view text) {
    // A browser's begins with its "log"; what is larger has no end here, and is told its bound.
    const bool may_be_har = text.substr(0, 4096).contains("\"log\"");
    const std::size_t bytes_max = may_be_har ? har_bytes_max : recording_bytes_max;
    if (text.size() > bytes_max) {
        return unreadable(
            "It has more than " + std::to_string(bytes_max) +
            " bytes, which is the most that is "
            "read" +
            (may_be_har ? " of a HAR file." : ".")
        );
    }
    text = text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return unreadable("It is empty; a HAR file or what curl -v prints was expected.");
    }
    if (text[first] != '{') {
        return read_curl(text);
    }
    // curl prints an answer's body before or after the lines about it.
    const bool is_curl = text.contains("\n< HTTP/") || text.contains("\n> ");
    if (is_curl) {
        return read_curl(text);
    }
    return text.contains("\"log\"") && text.contains("\"entries\"") ? read_har(text)
                                                                    : read_timeline(text);
}

}  // namespace sluice::diagnosis
