// Media ids as calls with a JSON body, and posts, give them: as a string or a number, alone or in a
// list. Each function names the value as it came.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// Errors: media_id_missing, media_id_invalid, media_key_as_id (unless `takes_keys`).
Result<MediaId> media_id_in(
    const boost::json::object& object, std::string_view member, bool takes_keys
);

// Which upload the call is about, if that can be read: for the record of what is refused before it is
// looked at.
void note_media_in(Exchange& exchange, const boost::json::object& body);

// "1349…,1350…" as v1.1 has it; empty: none. Errors: media_ids_invalid, media_key_as_id.
Result<std::vector<MediaId>> media_ids_in(std::string_view text);
// A list of strings as v2 has it. Errors the same.
Result<std::vector<MediaId>> media_ids_in(const boost::json::value& list, std::string_view name);

}  // namespace sluice::protocol
