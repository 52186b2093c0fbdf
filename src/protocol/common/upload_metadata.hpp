// What clients say of a file beside its bytes: its name, and Upload-Metadata of tus ("filename d29ybGQ=, flag": base64 behind each key), which tus-js-client also sends
// where it speaks the resumable uploads of HTTP. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::protocol {

// The keys that mean something here; all others are checked, and mean nothing.
struct UploadMetadata {
    std::string file_name;
    std::string media_type;
    std::string category;
};

// A name as it came, without folders before it and without control characters. Empty: it is longer than a name of
// a file can be.
std::string file_name_in(std::string path);

// Empty: no pairs. Errors: metadata_invalid, with the key.
Result<UploadMetadata> upload_metadata_of(std::string_view field);

}  // namespace sluice::protocol
