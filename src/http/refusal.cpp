#include "http/refusal.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

bool is_for_pages(std::string_view name) {
    return name.starts_with("Access-Control-") || name == "Cross-Origin-Resource-Policy" ||
           name == "Vary";
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
    for (const auto& field : answer.headers) {
        if (is_for_pages(field.name) && !refusal.headers.find(field.name)) {
            refusal.headers.add(field);
        }
    }
    refusal.route = answer.route;
    return refusal;
}

}  // namespace sluice::http
