// One row per cause: the single place that says what an error means. Protocols translate a code to
// their bytes with tables of their own (checked complete by static_assert); the pages under
// docs/errors/ and /docs/errors/{code} are made of these rows (server/error_pages.hpp). The texts
// stand in base/catalogue/, by topic, in the order of the enum.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error_code.hpp"

namespace sluice {

enum class Fault : std::uint8_t { caller, server, capacity, media };

// How well it is known what X itself answers to this mistake (the words stand in the wire tables).
enum class Witness : std::uint8_t {
    recorded,    // an answer that X really gave
    documented,  // X's documents say so, now or formerly
    unknown,     // nobody has written it down; the words in the table are a likely choice
    ours,        // a matter of Sluice alone; X has nothing like it
};

struct ErrorEntry {
    ErrorCode code;
    std::string_view slug;   // the public code, stable snake_case
    Fault fault;             // whose
    std::uint16_t status;    // HTTP status of the helpful answer
    bool retryable;          // may the very same request succeed later
    std::string_view title;  // what is wrong, without numbers
    std::string_view hint;   // one imperative sentence: what to do next

    // The page. Lists have one item per line.
    std::string_view symptom;  // what the caller sees, in the words people search for
    std::string_view causes;   // why people meet it, likeliest first
    std::string_view check;    // how to see whether this is the cause
    std::string_view mend;     // the steps
    // The example: a request line, then if need be an empty line and the body. Its answer is not
    // written down, but made of this row by the protocol's encoder, with these facts.
    std::string_view request;
    std::string_view facts;
    std::string_view mistakes;  // numbers of the list of mistakes: "70 71"; empty: not of that list
    Witness x_witness;
    std::string_view x_note;  // what else is known of X's answer; may be empty
};

// The row of a code; every code has one.
const ErrorEntry& entry_of(ErrorCode code);

// All rows, in the order of the enum.
std::span<const ErrorEntry> error_catalogue();

// The row with this slug, if any.
const ErrorEntry* find_error(std::string_view slug);

}  // namespace sluice
