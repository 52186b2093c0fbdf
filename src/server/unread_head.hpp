// What can be told of a request whose head was refused before it could be read: which API it was
// meant for, and whether its media stands in the address (list of mistakes, row 10). Pure; reads
// outside bytes.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace sluice::server {

// The method, and the path, in the first line, as far as it has come.
std::string_view method_seen(std::string_view received);
std::string_view path_seen(std::string_view received);

// The value of a field, if its line has come whole.
std::optional<std::string_view> field_seen(std::string_view received, std::string_view name);

// uri_too_long and head_too_large become media_in_url where media fills the head.
Error judged_head(Error error, std::string_view received);

}  // namespace sluice::server
