// Walks through the members of a JSON object, or the elements of an array, as pieces of its text:
// nothing is made of what is not asked for, however deep and large it is. Lenient: what a piece is
// worth, whoever parses it finds out; one that has no end is all the rest. Pure; no recursion. Within diagnosis/ alone.
#pragma once

#include <functional>
#include <string_view>

namespace sluice::diagnosis {

// Return false to end the walk. `name` as it is written, with its escapes.
using TakeMember = std::function<bool(std::string_view name, std::string_view value)>;
using TakeElement = std::function<bool(std::string_view value)>;

// False if it is no object (or no array), or is broken before the walk was ended.
bool each_member(std::string_view object, const TakeMember& take);
bool each_element(std::string_view array, const TakeElement& take);

// The first member of this name; empty if there is none.
std::string_view member_text(std::string_view object, std::string_view name);

}  // namespace sluice::diagnosis
