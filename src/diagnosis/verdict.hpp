// A Verdict: one thing that went wrong (or that nothing did), with the numbers that show it and the
// step that mends it. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::diagnosis {

enum class Confidence : std::uint8_t { certain, likely, possible };
std::string_view name_of(Confidence confidence);

// The order in which a request is judged (reference 9): the first cause is named, not what follows
// from it.
enum class Stage : std::uint8_t {
    transport,
    path,
    credentials,
    body,
    command,
    parameters,
    identity,
    bytes,  // that are not the file at all: what FINALIZE says of them follows
    state,
    content,
    rate,
    server,
};

// A call that runs as printed; credentials stand in it as a shell variable, bytes as the file FILE.
struct NextCall {
    std::string method;
    std::string url;
    std::string curl;
};

// Codes that are no errors.
inline constexpr std::string_view healthy = "healthy";
inline constexpr std::string_view upload_under_way = "upload_under_way";
inline constexpr std::string_view processing_under_way = "processing_under_way";

struct Verdict {
    std::string code;  // of the error catalogue, or one of the three above
    Confidence confidence = Confidence::likely;
    Stage stage = Stage::state;
    std::size_t call = 0;  // that shows it, counted from 0
    std::string facts;     // full sentences with numbers
    std::string title;
    std::string hint;
    std::optional<std::uint64_t> segment;  // that is to be sent next
    std::optional<NextCall> next;

    bool is_problem() const;
};

}  // namespace sluice::diagnosis
