#include "protocol/common/notices.hpp"

#include "base/error_catalogue.hpp"
#include "protocol/common/problem.hpp"

namespace sluice::protocol {

void add_notice_headers(
    http::Response& response, const Upload& upload, const http::Request& request
) {
    const Family family = family_of(upload.category);
    const bool is_guessed =
        !upload.category_given && (family == Family::video || family == Family::gif);
    if (!is_guessed) {
        return;
    }
    const Error notice{.code = ErrorCode::category_missing};
    response.set("Sluice-Notice", std::string(entry_of(notice.code).slug));
    response.set("Link", "<" + doc_url(notice, request) + ">; rel=\"help\"");
}

}  // namespace sluice::protocol
