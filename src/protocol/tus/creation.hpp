// What a POST that makes an upload asks for, with or without bytes (tus 1.0.0, "Creation" and "Creation With Upload"). Pure.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"
#include "service/stream_commands.hpp"

namespace sluice::protocol::tus {

inline constexpr std::string_view protocol_name = "tus";  // Upload::protocol
inline constexpr std::string_view body_type = "application/offset+octet-stream";

// Its body is the beginning of the upload.
bool has_bytes_for_it(const http::Request& request);
// Errors: those of its fields.
Result<CreateStream> wanted_of(const http::Request& request, Principal owner);
// The bytes that come with it. Errors: concatenation_invalid, beyond_total_bytes.
Result<void> bytes_fit(const http::Request& request, const CreateStream& wanted);

}  // namespace sluice::protocol::tus
