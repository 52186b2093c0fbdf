// Reads the parameters that all calls of X's API share. Each function names what is wrong with its
// own parameter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "core/segment.hpp"
#include "http/request.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol {

// Errors: total_bytes_missing, total_bytes_invalid.
Result<ByteCount> total_bytes_of(const Parameters& parameters);
// `text`: the value of media_id. Errors: media_id_missing, media_id_invalid, media_key_as_id
// (unless `takes_keys`).
Result<MediaId> media_id_of(std::string_view text, bool takes_keys);
// Adds to media_id_missing where the id stands instead: in a header, or under another name.
Error with_place_of_id(Error error, const http::Request& request, const Parameters& parameters);
// Errors: segment_index_missing, segment_index_invalid, segment_index_range.
Result<SegmentIndex> segment_index_of(const Parameters& parameters);
// A list of up to 100 numbers of users, separated by commas; empty if absent. Errors:
// additional_owners_invalid with the entries that are wrong.
Result<std::vector<std::uint64_t>> additional_owners_of(const Parameters& parameters);
// "true", "1" or "t" for a flag; everything else is no.
bool flag_of(const Parameters& parameters, std::string_view name);
// What is wrong with a call that must carry media, its content aside: media_twice, media_missing,
// media_part_missing.
std::optional<Error> without_media(const ReceivedForm& form);
// Everything that came, with its place and the size of media: "media_id (query), media (5 bytes)".
std::string received_list(const ReceivedForm& form);
// Which call it seems to be, about which upload and segment: for the record of calls that are
// refused before they are looked at. Leaves alone what the exchange knows already.
void note_call(Exchange& exchange, const Parameters& parameters);

}  // namespace sluice::protocol
