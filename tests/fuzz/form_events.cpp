#include "form_events.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/error_catalogue.hpp"
#include "http/form_parser.hpp"

namespace sluice::http {

namespace {

void append(std::string& seen, const FormEvent& event, const PartHead& head) {
    if (event.kind == FormEvent::Kind::part_begin) {
        seen += "<" + head.name + "|" + head.file_name.value_or("-") + "|" + head.content_type +
                "|" + (head.is_base64 ? "base64" : "") + ">";
    } else if (event.kind == FormEvent::Kind::part_data) {
        SLUICE_ASSERT(!event.data.empty());
        seen.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
    } else if (event.kind == FormEvent::Kind::part_end) {
        seen += "</>";
    }
}

}  // namespace

std::string form_events(std::string_view content_type, std::string_view body, std::size_t step) {
    auto parser = make_form_parser(content_type);
    SLUICE_ASSERT(parser.has_value());
    const auto bytes = std::as_bytes(std::span(body));
    std::string seen;
    std::size_t end = 0;
    auto input = bytes.first(0);
    while (true) {
        const auto left = input.size();
        const auto event = (*parser)->next(input, end == body.size());
        SLUICE_ASSERT(input.size() <= left);
        if (!event) {
            return "error " + std::string(entry_of(event.error().code).slug);
        }
        if (event->kind == FormEvent::Kind::done) {
            return seen;
        }
        append(seen, *event, (*parser)->head());
        if (event->kind == FormEvent::Kind::need_more) {
            SLUICE_ASSERT(end < body.size());
            const auto begin = end - input.size();
            end = std::min(end + step, body.size());
            input = bytes.subspan(begin, end - begin);
        }
    }
}

void check_form(std::string_view content_type, std::string_view body) {
    const auto whole = form_events(content_type, body, body.size() + 1);
    // Byte by byte only what is short: the time goes with the number of pieces.
    const std::size_t smallest = body.size() <= 1024 ? 1 : 61;
    for (const std::size_t step : {smallest, smallest + 4, smallest + 100}) {
        SLUICE_ASSERT(form_events(content_type, body, step) == whole);
    }
}

}  // namespace sluice::http
