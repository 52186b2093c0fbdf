// Recorded exchanges as JSON of the native API.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/common/recorder.hpp"

namespace sluice::protocol::native {

// A page of short forms.
std::string as_json(const std::vector<Recorded>& page, bool has_more);
std::string as_json(const RecordedExchange& recorded);

// "Name: value\r\n" lines, taken apart; views into `headers`.
std::vector<std::pair<std::string_view, std::string_view>> header_lines(std::string_view headers);
// The query of a target, decoded where it can be.
std::vector<std::pair<std::string, std::string>> query_of(std::string_view target);
// Whether the bytes are text that can be shown as it is.
bool is_text(std::string_view bytes);

}  // namespace sluice::protocol::native
