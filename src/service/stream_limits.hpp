// How long a stream may become: as long as the category takes that was named, and this server. Within
// service/ alone.
#pragma once

#include <algorithm>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "core/upload.hpp"
#include "media/category_rules.hpp"

namespace sluice {

inline ByteCount most_of(const Upload& upload, ByteCount by_server) {
    return upload.category_given ? std::min(by_server, rule_of(upload.category).bytes_max)
                                 : by_server;
}

inline Error too_long(const Upload& upload, ByteCount length, ByteCount by_server) {
    const ByteCount most = most_of(upload, by_server);
    const auto taker = most < by_server ? std::string(name_of(upload.category)) : "this server";
    return {
        .code = ErrorCode::file_too_large,
        .facts = "The upload has at least " + std::to_string(length.value) + " bytes, " + taker +
                 " takes at most " + std::to_string(most.value) + ".",
        .media_id = upload.id.value,
    };
}

}  // namespace sluice
