// The members that X keeps about a medium (reference 2.8 and 3.4): checked against a table of what
// each holds, and kept as JSON. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace sluice::protocol {

inline constexpr std::size_t alt_text_max = 1000;  // Unicode code points

struct MediaMetadata {
    std::map<std::string, std::string> members;  // name -> JSON
    std::optional<bool> is_shared;
};

// v1.1 puts the members beside media_id and other things, so unknown ones are let be; v2 has an
// object of its own for them, where an unknown one is a mistake. Errors: alt_text_too_long,
// parameter_invalid naming the member.
enum class UnknownMembers : bool { let_be, refused };
Result<MediaMetadata> metadata_of(const boost::json::object& object, UnknownMembers unknown);

std::size_t code_points(std::string_view utf8);

}  // namespace sluice::protocol
