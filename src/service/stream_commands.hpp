// What the use cases of streams are asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/upload.hpp"
#include "service/admission.hpp"

namespace sluice {

struct CreateStream {
    Principal owner;
    UploadKind kind = UploadKind::stream;
    std::optional<ByteCount> length = {};  // not of a joined one
    std::vector<MediaId> parts = {};       // of a joined one, in the order of its bytes
    std::string category = {};             // as received; empty: by the type, or by the content
    std::string media_type = {};           // as declared; whatever it is, it is kept
    std::string file_name = {};
    std::string told = {};       // StreamFacts::told
    bool ends_at_length = true;  // false: an empty file waits for a request that is the last one
    std::string_view protocol = {};  // Upload::protocol
    std::string idempotency_key = {};
    const Admission* admission = nullptr;
    bool* was_made_before = nullptr;  // told: the answer is that of an earlier call
};

struct AppendToStream {
    Principal owner;
    MediaId id;
    ByteCount at;
    std::optional<ByteCount> length = {};  // of the body, if it tells
    std::optional<ByteCount> total = {};   // of the upload, told now
    // Whether this is the last request, in protocols that say so: only then the upload is complete, and
    // its length is what has come if it was not told. Nothing: it is complete when its length is reached.
    std::optional<bool> is_last = {};
    const Admission* admission = nullptr;
};

}  // namespace sluice
