#include "protocol/common/notices.hpp"

#include <algorithm>
#include <vector>

#include "base/error_catalogue.hpp"
#include "media/failure_rows.hpp"
#include "media/x_limits.hpp"
#include "protocol/common/problem.hpp"

namespace sluice::protocol {

namespace {

void add_notice(http::Response& response, ErrorCode code, const http::Request& request) {
    const Error notice{.code = code};
    response.set("Sluice-Notice", entry_of(code).slug);
    response.set("Link", help_link(notice, request));
}

}  // namespace

void add_notice_headers(
    http::Response& response, const Upload& upload, const http::Request& request
) {
    const Family family = family_of(upload.category);
    if (!upload.category_given && (family == Family::video || family == Family::gif)) {
        add_notice(response, ErrorCode::category_missing, request);
    }
    std::vector<ErrorCode> told;
    for (const auto& [reason, sentence] : parse_conversions(upload.content.conversions)) {
        const ErrorCode code = failure_row_of(reason).code;
        if (std::ranges::find(told, code) == told.end()) {
            add_notice(response, code, request);
            told.push_back(code);
        }
    }
}

}  // namespace sluice::protocol
