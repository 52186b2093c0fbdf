#include "protocol/common/unsigned_fields.hpp"

#include "base/text.hpp"
#include "http/form_parser.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using http::FormEvent;

constexpr std::size_t looked_at_bytes_max = 64 * 1024;
constexpr std::size_t value_bytes_max = 4 * 1024;

std::string kind_of(const http::Request& request) {
    const std::string type = lower_case(request.header("Content-Type").value_or(""));
    if (type.starts_with("multipart/form-data")) {
        return "multipart";
    }
    return type.starts_with("application/json") ? "JSON" : "";
}

awaitable<std::string> read_start(http::BodyReader& body) {
    std::string text(looked_at_bytes_max, '\0');
    std::size_t filled = 0;
    while (filled < text.size() && body.remaining() != std::uint64_t{0}) {
        const auto got =
            co_await body.read_some(std::as_writable_bytes(std::span(text)).subspan(filled));
        if (!got || *got == 0) {
            break;
        }
        filled += *got;
    }
    text.resize(filled);
    co_return text;
}

// Media itself is never signed by anybody, and long.
bool is_text(const http::PartHead& head) {
    return head.name != "media" && head.name != "media_data" && !head.file_name;
}

oauth::Parameters fields_in(const std::string& text, std::string_view content_type) {
    oauth::Parameters fields;
    auto parser = http::make_form_parser(content_type);
    if (!parser) {
        return fields;
    }
    auto input = std::as_bytes(std::span(text));
    oauth::Parameter field;
    for (;;) {
        const auto event = (*parser)->next(input, false);
        if (!event || event->kind == FormEvent::Kind::need_more ||
            event->kind == FormEvent::Kind::done) {
            return fields;
        }
        if (event->kind == FormEvent::Kind::part_begin) {
            field = {(*parser)->head().name, ""};
        } else if (event->kind == FormEvent::Kind::part_data) {
            const std::size_t room = value_bytes_max - field.value.size();
            field.value.append(
                reinterpret_cast<const char*>(event->data.data()),
                std::min(room, event->data.size())
            );
        } else if (is_text((*parser)->head())) {
            fields.push_back(field);
        }
    }
}

}  // namespace

awaitable<UnsignedFields> read_unsigned_fields(
    const http::Request& request, http::BodyReader& body
) {
    UnsignedFields found{.parameters = {}, .kind = kind_of(request)};
    if (found.kind.empty() || request.expects_continue || !request.has_body()) {
        co_return found;
    }
    const std::string start = co_await read_start(body);
    found.parameters = fields_in(start, request.header("Content-Type").value_or(""));
    co_return found;
}

}  // namespace sluice::protocol
