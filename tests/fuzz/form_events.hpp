// What a form parser makes of a body, as one text, so that different cuts of the input can be
// compared.
#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

// `body` given in pieces of `step` bytes. After an error only its code remains: how much data came
// before it may depend on the cuts.
std::string form_events(std::string_view content_type, std::string_view body, std::size_t step);

// Aborts unless all cuts give the same events.
void check_form(std::string_view content_type, std::string_view body);

}  // namespace sluice::http
