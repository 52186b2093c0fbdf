#include "nodes/hint.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 10> kinds{
    "job", "cancelled", "taken", "settle", "appends", "answer", "event", "rate", "nodes", "gap"
};

void append_text(std::string& line, std::string_view text) {
    line += '\t';
    for (const char c : text) {
        switch (c) {
            case '\t':
                line += "\\t";
                break;
            case '\n':
                line += "\\n";
                break;
            case '\\':
                line += "\\\\";
                break;
            case '\0':  // no text of PostgreSQL's has one
                break;
            default:
                line += c;
        }
    }
}

void append_number(std::string& line, std::uint64_t number) {
    line += '\t';
    line += std::to_string(number);
}

// Field by field; after the first that is missing or wrong all is wrong.
class Fields {
  public:
    explicit Fields(std::string_view line) : rest_(line) {}

    std::string text() {
        if (is_over_) {
            is_wrong_ = true;
            return {};
        }
        const auto end = rest_.find('\t');
        const std::string_view raw = rest_.substr(0, end);
        is_over_ = end == std::string_view::npos;
        rest_ = is_over_ ? std::string_view() : rest_.substr(end + 1);
        std::string plain;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            if (raw[i] != '\\' || i + 1 == raw.size()) {
                plain += raw[i];
                continue;
            }
            const char c = raw[++i];
            plain += c == 't' ? '\t' : c == 'n' ? '\n' : c;
        }
        return plain;
    }
    std::uint64_t number() {
        const auto value = parse_unsigned(text());
        is_wrong_ = is_wrong_ || !value;
        return value.value_or(0);
    }
    bool has_more() const { return !is_over_ && !is_wrong_; }
    bool is_wrong() const { return is_wrong_; }

  private:
    std::string_view rest_;
    bool is_over_ = false;
    bool is_wrong_ = false;
};

void append_event(std::string& line, const LiveEvent& event) {
    append_number(line, static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
    append_number(line, event.media_id ? event.media_id->value : 0);
    append_number(line, static_cast<std::uint64_t>(event.status));
    append_text(line, event.owner.id);
    append_text(line, event.call);
    append_text(line, event.code);
    append_text(line, event.request_id);
}

LiveEvent read_event(Fields& fields) {
    LiveEvent event;
    event.at = WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(fields.number())}};
    if (const MediaId id{fields.number()}; id.value > 0) {
        event.media_id = id;
    }
    event.status = static_cast<int>(fields.number());
    event.owner.id = fields.text();
    event.call = fields.text();
    event.code = fields.text();
    event.request_id = fields.text();
    return event;
}

void append_rate(std::string& line, const MemoryRateLimiter::Unshared& rate) {
    append_number(line, static_cast<std::uint64_t>(rate.bucket));
    append_number(line, static_cast<std::uint64_t>(rate.resets.time_since_epoch().count()));
    append_number(line, rate.calls);
    append_text(line, rate.principal);
}

std::optional<MemoryRateLimiter::Unshared> read_rate(Fields& fields) {
    const std::uint64_t bucket = fields.number();
    const auto resets = static_cast<std::int64_t>(fields.number());
    const std::uint64_t calls = fields.number();
    if (bucket >= rate_bucket_count) {
        return std::nullopt;
    }
    return MemoryRateLimiter::Unshared{
        fields.text(),
        static_cast<RateBucket>(bucket),
        WallTime{std::chrono::milliseconds{resets}},
        calls
    };
}

// An index that is not told yet is written as one behind all.
constexpr std::uint64_t no_index = std::uint64_t{1} << 16;

}  // namespace

std::string encode(const Hint& hint) {
    std::string line = std::to_string(hint.from);
    append_text(line, kinds[static_cast<std::size_t>(hint.kind)]);
    append_number(line, hint.id.value);
    append_number(line, hint.number);
    append_number(line, hint.to);
    for (const InFlight::Running& one : hint.running) {
        append_number(line, one.index ? one.index->value : no_index);
        append_number(line, one.so_far.value);
    }
    if (hint.event) {
        append_event(line, *hint.event);
    }
    if (hint.rate) {
        append_rate(line, *hint.rate);
    }
    return line;
}

std::optional<Hint> decode(std::string_view line) {
    Fields fields(line);
    Hint hint{.from = fields.number()};
    const auto* kind = std::ranges::find(kinds, fields.text());
    if (kind == kinds.end()) {
        return std::nullopt;
    }
    hint.kind = static_cast<HintKind>(kind - kinds.begin());
    hint.id = {fields.number()};
    hint.number = fields.number();
    hint.to = fields.number();
    while (hint.kind == HintKind::answer && fields.has_more()) {
        const std::uint64_t index = fields.number();
        InFlight::Running one{.index = std::nullopt, .so_far = {fields.number()}};
        if (index < no_index) {
            one.index = SegmentIndex{static_cast<std::uint16_t>(index)};
        }
        hint.running.push_back(one);
    }
    if (hint.kind == HintKind::event) {
        hint.event = read_event(fields);
    }
    if (hint.kind == HintKind::rate) {
        hint.rate = read_rate(fields);
    }
    const bool is_whole = hint.kind != HintKind::rate || hint.rate;
    return fields.is_wrong() || !is_whole ? std::nullopt : std::optional(std::move(hint));
}

std::vector<std::string> packed(const std::vector<std::string>& lines, std::size_t payload_max) {
    std::vector<std::string> payloads;
    for (const std::string& line : lines) {
        if (line.size() > payload_max) {
            continue;
        }
        if (payloads.empty() || payloads.back().size() + 1 + line.size() > payload_max) {
            payloads.push_back(line);
        } else {
            payloads.back() += "\n" + line;
        }
    }
    return payloads;
}

std::vector<std::string_view> unpacked(std::string_view payload) {
    std::vector<std::string_view> lines;
    while (!payload.empty()) {
        const auto end = std::min(payload.find('\n'), payload.size());
        lines.push_back(payload.substr(0, end));
        payload.remove_prefix(std::min(end + 1, payload.size()));
    }
    return lines;
}

}  // namespace sluice
