#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace sluice {

Error system_error(int error_number, std::string what) {
    const bool is_full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    // No file can be opened: nothing is broken, and it passes when others are done.
    const bool has_no_files = error_number == EMFILE || error_number == ENFILE;
    what += ": " + std::generic_category().message(error_number);
    return {
        .code = is_full        ? ErrorCode::storage_full
                : has_no_files ? ErrorCode::overloaded
                               : ErrorCode::storage_failed,
        .facts = has_no_files ? "The server has as many files open as it may." : "",
        .detail = std::move(what)
    };
}

Error sync_error(int error_number, std::string what) {
    Error error = system_error(error_number, std::move(what));
    error.facts = "The disk did not keep what was written: the sync failed (" +
                  std::generic_category().message(error_number) + ").";
    error.is_lost_sync = true;
    return error;
}

}  // namespace sluice
