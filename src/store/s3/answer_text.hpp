// Reads single values out of the XML (and, for credentials, JSON) that stores answer with. It is
// outside data: what does not look as expected is an empty value, never more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::s3 {

// The text of the first element of this name, entities decoded; empty if there is none.
std::string xml_value(std::string_view xml, std::string_view name);

// What is inside each element of this name, undecoded.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);

// The string behind the first "name": …; empty if there is none or it has escapes.
std::string json_value(std::string_view json, std::string_view name);

}  // namespace sluice::s3
