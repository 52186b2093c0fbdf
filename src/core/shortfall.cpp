#include "core/shortfall.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t shown_max = 20;
constexpr std::size_t places_max = 5;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string index_text(SegmentIndex index) {
    return number(index.value);
}

// One gap: neighbours that are missing together.
struct Gap {
    SegmentIndex first;
    SegmentIndex last;
};

std::vector<Gap> gaps_in(const std::vector<SegmentIndex>& missing) {
    std::vector<Gap> gaps;
    for (const SegmentIndex index : missing) {
        if (!gaps.empty() && gaps.back().last.value + 1 == index.value) {
            gaps.back().last = index;
        } else {
            gaps.push_back({index, index});
        }
    }
    return gaps;
}

std::string gap_name(const Gap& gap) {
    return gap.first == gap.last ? index_text(gap.first)
                                 : index_text(gap.first) + "-" + index_text(gap.last);
}

struct Place {
    std::uint64_t offset;
    std::uint64_t length;
};

// Where a gap lies: known if everything before it is there or all segments have one length, and how
// much is missing if it is the only one or all have one length.
std::optional<Place> place_of_gap(
    const Gap& gap, bool is_only_one, const SegmentMap& segments, ByteCount lacking
) {
    if (is_only_one) {
        std::uint64_t before = 0;
        for (const auto& [index, segment] : segments) {
            before += index < gap.first ? segment.extent.length.value : 0;
        }
        return Place{before, lacking.value};
    }
    if (const auto usual = usual_length(segments)) {
        const std::uint64_t count = gap.last.value - gap.first.value + 1U;
        return Place{usual->value * gap.first.value, usual->value * count};
    }
    return std::nullopt;
}

std::string places_text(
    const std::vector<Gap>& gaps, const SegmentMap& segments, ByteCount lacking
) {
    std::string text;
    for (std::size_t i = 0; i < std::min(gaps.size(), places_max); ++i) {
        const auto place = place_of_gap(gaps[i], gaps.size() == 1, segments, lacking);
        if (place && place->length > 0) {
            text += (text.empty() ? " Missing are " : ", ") + number(place->length) +
                    " bytes from offset " + number(place->offset) + " (" + gap_name(gaps[i]) + ")";
        }
    }
    return text.empty() ? text : text + ".";
}

bool only_index_0_is_missing(const SegmentGaps& gaps) {
    return gaps.missing.size() == 1 && gaps.missing.front().value == 0;
}

std::string counted_from_1(const SegmentMap& segments) {
    const auto last = segments.rbegin()->first;
    return "Segment 0 is missing, 1" + (last.value > 1 ? "-" + index_text(last) : std::string()) +
           (last.value > 1 ? " are there" : " is there") +
           ", and all bytes arrived: the segments were counted from 1: count from 0.";
}

// 4 for each 3 bytes, and a line end (1 or 2 bytes) after each 76 characters if there are lines.
bool is_text_length(std::uint64_t announced, std::uint64_t received, std::uint64_t line_end) {
    const std::uint64_t characters = (received + 2) / 3 * 4;
    const std::uint64_t lines = line_end == 0 ? 0 : (characters + 75) / 76;
    const std::uint64_t whole = characters + lines * line_end;
    return announced <= whole && announced + 2 + line_end >= whole;
}

// What the last segment says about what is missing.
std::string last_segment_text(const SegmentMap& segments, ByteCount usual, std::uint64_t lacking) {
    const auto& [index, last] = *segments.rbegin();
    const std::uint64_t length = last.extent.length.value;
    if (length == usual.value) {
        const std::uint64_t more = (lacking + usual.value - 1) / usual.value;
        return " Every segment has " + number(usual.value) + " bytes, so " + number(more) +
               (more == 1 ? " segment" : " segments") + " from index " + number(index.value + 1U) +
               " on did not come.";
    }
    std::string text = " The last segment (" + index_text(index) + ") has " + number(length) +
                       " bytes, the others " + number(usual.value) + " each";
    return text + (length + lacking <= usual.value ? ": it was cut." : ".");
}

}  // namespace

std::optional<ByteCount> usual_length(const SegmentMap& segments) {
    if (segments.size() < 2) {
        return std::nullopt;
    }
    const ByteCount first = segments.begin()->second.extent.length;
    const auto last = std::prev(segments.end());
    const bool are_equal = std::all_of(segments.begin(), last, [&](const auto& entry) {
        return entry.second.extent.length == first;
    });
    return are_equal && first.value > 0 ? std::optional(first) : std::nullopt;
}

std::string index_list(const std::vector<SegmentIndex>& indexes) {
    const auto gaps = gaps_in(indexes);
    std::string text;
    for (std::size_t i = 0; i < std::min(gaps.size(), shown_max); ++i) {
        const bool is_pair = gaps[i].last.value == gaps[i].first.value + 1;
        text += (i == 0 ? "" : ", ");
        text += is_pair ? index_text(gaps[i].first) + ", " + index_text(gaps[i].last)
                        : gap_name(gaps[i]);
    }
    return text + (gaps.size() > shown_max ? " and more" : "");
}

std::string gaps_text(const SegmentMap& segments, const SegmentGaps& gaps, ByteCount total) {
    if (only_index_0_is_missing(gaps) && gaps.received == total) {
        return counted_from_1(segments);
    }
    const bool is_one = gaps.missing.size() == 1;
    std::string text = std::string(is_one ? "Segment " : "Segments ") + index_list(gaps.missing) +
                       (is_one ? " is" : " are") + " missing; " + number(gaps.received.value) +
                       " of " + number(total.value) + " bytes arrived.";
    if (gaps.received == total) {
        return text + " All bytes are there: an index was left out in counting.";
    }
    return text + places_text(gaps_in(gaps.missing), segments, total - gaps.received);
}

std::string too_few_text(const SegmentMap& segments, ByteCount received, ByteCount total) {
    const std::uint64_t lacking = total.value - received.value;
    const auto last = segments.rbegin()->first;
    std::string text = number(received.value) + " of " + number(total.value) +
                       " announced bytes arrived in " +
                       (last.value == 0 ? "segment 0" : "segments 0-" + index_text(last)) + ": " +
                       number(lacking) + (lacking == 1 ? " byte is" : " bytes are") + " missing.";
    if (is_base64_length(total, received)) {
        return text +
               " The ratio is 1.333: the length of the base64 text was announced, not that of the "
               "file.";
    }
    if (const auto usual = usual_length(segments)) {
        text += last_segment_text(segments, *usual, lacking);
    }
    return text;
}

std::string empty_text(const SegmentMap& segments) {
    const auto count = std::ranges::count_if(segments, [](const auto& entry) {
        return entry.second.extent.length.value == 0;
    });
    return count == 0 ? std::string()
                      : " " + std::to_string(count) +
                            (count == 1 ? " segment is empty." : " segments are empty.");
}

bool is_base64_length(ByteCount announced, ByteCount received) {
    if (received.value < 3) {
        return false;
    }
    return is_text_length(announced.value, received.value, 0) ||
           is_text_length(announced.value, received.value, 1) ||
           is_text_length(announced.value, received.value, 2);
}

}  // namespace sluice
