// What a reason for which processing failed means to the outside: the code of the catalogue, X's
// number and words, and what mends it. One row per reason, as data. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error_code.hpp"
#include "core/category.hpp"
#include "core/processing.hpp"

namespace sluice {

struct FailureRow {
    std::string_view reason;
    ErrorCode code;
    int x_code;  // reference 6.3: 0 internal, 1 invalid, 2 too large, 3 unsupported, 4 timeout
    std::string_view x_text;  // empty: X sends code and name alone
    std::string_view remedy;  // what to do, with a command line where one mends it
};

// An unknown reason is a failure of the server.
const FailureRow& failure_row_of(std::string_view reason);

// The first reason that has this code; empty if none has. For examples.
std::string_view reason_with(ErrorCode code);

// Limits of a GIF have a code of their own.
ErrorCode code_of(const ProcessingFailure& failure, Category category);

// The sentence of what is wrong, and that waiting does not help; for clients that show one string.
std::string whole_text(const ProcessingFailure& failure, Category category);
// What to do next, with the numbers of the category.
std::string remedy_of(const ProcessingFailure& failure, Category category);

// X's name for the number.
std::string_view x_name_of(const ProcessingFailure& failure);
// The text that X has for it; may be empty.
std::string x_text_of(const ProcessingFailure& failure);

}  // namespace sluice
