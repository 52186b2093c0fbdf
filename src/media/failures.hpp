// Why a medium is refused: the taxonomy of processing failures (reference: media-pipeline,
// section 8.1) as functions, so that code, name and reason are spelled once. Every message says
// what was got and what is allowed. Pure.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "core/upload.hpp"

namespace sluice {

// A T, or the reason that the owner of the medium is told.
template <class T>
using Processed = std::expected<T, ProcessingFailure>;

// Code 1, InvalidMedia: the file is broken or not what it claims. "file is invalid: " + `what`.
ProcessingFailure invalid_media(std::string_view reason, std::string_view what);
// Code 3, UnsupportedMedia: the file is sound, but beyond a limit or of a kind that is not taken.
ProcessingFailure unsupported_media(std::string_view reason, std::string message);
// Code 2, InternalError: not the medium's fault.
ProcessingFailure internal_error(std::string_view reason, std::string message);

ProcessingFailure type_mismatch(std::string_view declared, std::string_view found);
ProcessingFailure data_truncated(std::chrono::milliseconds end, std::chrono::milliseconds promised);

// "2.1 s", "140 s"
std::string seconds_text(std::chrono::milliseconds duration);

}  // namespace sluice
