// What a connection knows of a request that it has to refuse itself: the handler chooses the words, by what it is
// told here. Used by Connection and those that turn connections away; pure.
#pragma once

#include <string>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::http {

// Of a head that was read, what the words of a refusal are chosen by.
std::string head_of(const Request& request);

// Of a head that was not, as far as it has come: whether the caller takes a body for the next answer.
bool asks_for_head_alone(std::string_view received);

// `refusal` instead of an answer that could not be begun: counted with that one's route, and read by the pages of other
// sites that might read that one.
Response refused_in_place_of(const Response& answer, Response refusal);

}  // namespace sluice::http
