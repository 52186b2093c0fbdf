#include "http/refusal.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

bool is_for_pages(std::string_view name) {
    return name.starts_with("Access-Control-") || name == "Cross-Origin-Resource-Policy" ||
           name == "Vary";
}

bool has_field(const Response& response, std::string_view name) {
    return std::ranges::any_of(response.headers, [name](const auto& field) {
        return field.first == name;
    });
}

}  // namespace

std::string head_of(const Request& request) {
    std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
    for (const std::string_view name : {"Origin", "Accept"}) {
        if (const auto value = request.header(name)) {
            head.append(name).append(": ").append(*value).append("\r\n");
        }
    }
    return head;
}

bool asks_for_head_alone(std::string_view received) {
    received.remove_prefix(std::min(received.find_first_not_of("\r\n"), received.size()));
    return received.starts_with("HEAD ");
}

Response refused_in_place_of(const Response& answer, Response refusal) {
    for (const auto& [name, value] : answer.headers) {
        if (is_for_pages(name) && !has_field(refusal, name)) {
            refusal.set(name, value);
        }
    }
    refusal.route = answer.route;
    return refusal;
}

}  // namespace sluice::http
