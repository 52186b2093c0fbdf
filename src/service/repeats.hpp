// Calls that make an upload and may be repeated under an Idempotency-Key: the same call again is
// answered with the upload that the first one made. Within service/ alone.
#pragma once

#include <optional>

#include "core/create_terms.hpp"
#include "service/upload_commands.hpp"
#include "service/upload_services.hpp"

namespace sluice {

// Nothing if the caller sent no key. `content`: what else tells one call from another ("").
std::optional<RepeatKey> repeat_key_of(const CreateUpload& wanted, std::string_view content);

// The upload that was made under this key, if there is one. Errors: idempotency_key_reused, if it was
// another call; those of the store.
Result<std::optional<Upload>> made_before(
    const UploadServices& services,
    const CreateUpload& wanted,
    const std::optional<RepeatKey>& repeat
);

// What was made under a key that came again, and how a call is refused that has more bytes.
struct KnownUpload {
    Upload upload;
    Error longer;
};

// Before a file in one call comes. `expected`: what is left of its body. Errors: idempotency_key_reused, if that is less
// than the one call had that made it; those of the store.
Result<std::optional<KnownUpload>> known_under_key(
    const UploadServices& services, const CreateUpload& wanted, std::optional<ByteCount> expected
);

// How often a new upload looks for a free id or key. Each further round means that another call took
// it and gave it up again meanwhile.
inline constexpr int takes_max = 8;

inline bool is_taken(const Result<void>& created) {
    return !created && created.error().code == ErrorCode::store_conflict;
}

// What such an upload is answered with; or the error.
inline Result<Upload> answer_of(Result<std::optional<Upload>> before) {
    return before ? Result<Upload>(**std::move(before)) : std::move(before).error();
}

}  // namespace sluice
