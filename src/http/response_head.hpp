// Writes the head of an answer: the handler's fields and those that every answer carries. Pure;
// used by the connection. Control characters in values become blanks, so that nothing from a
// request can begin a field of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/response.hpp"

namespace sluice::http {

struct ResponseHeadFacts {
    std::string_view request_id;
    std::string_view date;
    std::uint64_t length = 0;  // of the body, also where it is not sent (HEAD)
    bool keeps_alive = true;
    bool is_http_1_0 = false;
};

// Whether an answer with this status has a body at all (not 1xx, 204, 304).
bool allows_body(int status);

void append_response_head(
    std::string& out, const Response& response, const ResponseHeadFacts& facts
);

}  // namespace sluice::http
