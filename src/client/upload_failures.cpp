#include "client/upload_failures.hpp"

namespace sluice::client {

Failure processing_failure(const Processing& processing) {
    auto text = processing.error_message;
    if (text.empty()) {
        text = processing.error_name.empty() ? "no reason was given" : processing.error_name;
    }
    return {.kind = FailureKind::processing, .code = "media_failed", .message = text};
}

Failure changed_failure() {
    return {
        .kind = FailureKind::integrity,
        .code = "file_changed",
        .message = "the file changed while it was sent",
        .hint = "Run the command again when nothing writes to the file."
    };
}

bool misses_bytes(const Failure& failure) {
    return failure.code == "segment_missing" || failure.code == "nothing_appended" ||
           failure.message.starts_with("Segments do not add up");
}

}  // namespace sluice::client
