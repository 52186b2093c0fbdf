// One row per cause: the single place that says what an error means. Protocols translate a code to
// their bytes with tables of their own (checked complete by static_assert); the pages under
// docs/errors/ and /docs/errors/{code} are generated from these rows.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error_code.hpp"

namespace sluice {

enum class Fault : std::uint8_t { caller, server, capacity, media };

struct ErrorEntry {
    ErrorCode code;
    std::string_view slug;    // the public code, stable snake_case
    Fault fault;              // whose
    std::uint16_t status;     // HTTP status of the helpful answer
    bool retryable;           // may the very same request succeed later
    std::string_view title;   // what is wrong, without numbers
    std::string_view hint;    // one imperative sentence: what to do next
    std::string_view causes;  // the page: why people meet it, likeliest first, one per line
    std::string_view check;   // the page: how to see whether this is the cause
};

// The row of a code; every code has one.
const ErrorEntry& entry_of(ErrorCode code);

// All rows, in the order of the enum.
std::span<const ErrorEntry> error_catalogue();

// The row with this slug, if any.
const ErrorEntry* find_error(std::string_view slug);

// The documentation page of a row, as Markdown with one "# Title".
std::string error_page(const ErrorEntry& entry);

}  // namespace sluice
