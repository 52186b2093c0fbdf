#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace sluice {

Error system_error(int error_number, std::string what) {
    const bool is_full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    what += ": " + std::generic_category().message(error_number);
    return {
        .code = is_full ? ErrorCode::storage_full : ErrorCode::storage_failed,
        .detail = std::move(what)
    };
}

}  // namespace sluice
