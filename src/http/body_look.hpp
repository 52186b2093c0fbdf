// What a body looks like by its first bytes, whatever its Content-Type says, so that a refusal can
// name the mislabelling instead of its consequences. Pure; used where a form is received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace sluice::http {

enum class BodyLook : std::uint8_t { empty, json, multipart, urlencoded, binary, text };

// As many bytes as are worth waiting for; fewer are looked at as they are.
inline constexpr std::size_t body_look_bytes = 160;

BodyLook look_of(std::span<const std::byte> start);

// A body that its declared type would not even fail on, though it plainly is something else: JSON,
// multipart or a media file labelled as url-encoded or not at all. Error: body_unreadable.
std::optional<Error> mislabelled(std::string_view content_type, std::span<const std::byte> start);

// The error of a form parser with what the first bytes add to it: multipart_boundary gets the first
// line, and what is a mislabelling after all becomes body_unreadable.
Error explained(Error error, std::string_view content_type, std::span<const std::byte> start);

}  // namespace sluice::http
