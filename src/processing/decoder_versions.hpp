// Which decoders the worker program is linked with, for operators: versions are the first thing that
// is asked about a file that does not decode. Blocking, some milliseconds.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice {

// As "libvips 8.14.1, FFmpeg 5.1.9". Starts the worker program for this alone. Errors: internal, if
// it could not be started or did not answer.
Result<std::string> decoder_versions(const std::string& worker);

}  // namespace sluice
