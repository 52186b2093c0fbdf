#include "protocol/common/url_signer.hpp"

#include "base/hmac.hpp"
#include "base/text.hpp"
#include "protocol/oauth/oauth1_fields.hpp"

namespace sluice::protocol {
namespace {

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string UrlSigner::query_for(std::string_view path) const {
    const auto ends = std::chrono::ceil<std::chrono::hours>(clock_.now() + lifetime);
    const std::string expires = std::to_string(seconds_of(ends));
    return "?expires=" + expires + "&signature=" + signature_of(path, expires);
}

bool UrlSigner::is_signed(std::string_view raw_query) {
    return !oauth::value_of(oauth::parse_urlencoded(raw_query), "signature").empty();
}

Result<void> UrlSigner::check(std::string_view path, std::string_view raw_query) const {
    const auto parameters = oauth::parse_urlencoded(raw_query);
    const std::string expires = oauth::value_of(parameters, "expires");
    const std::string sent = oauth::value_of(parameters, "signature");
    if (!equal_in_constant_time(sent, signature_of(path, expires))) {
        return Error{
            .code = ErrorCode::token_unknown,
            .facts =
                "The signature of this URL is not one of this server for this path and "
                "expiry. Take the URL from the upload object as it stands.",
        };
    }
    const auto ends = parse_unsigned(expires);
    if (!ends || static_cast<std::int64_t>(*ends) <= seconds_of(clock_.now())) {
        return Error{
            .code = ErrorCode::token_expired,
            .facts = "This URL was good until " + expires + " (Unix time); it is " +
                     std::to_string(seconds_of(clock_.now())) +
                     " now. The upload object has a fresh one.",
        };
    }
    return ok();
}

std::string UrlSigner::signature_of(std::string_view path, std::string_view expires) const {
    std::string text = "GET\n";
    text += path;
    text += '\n';
    text += expires;
    return hex_of(hmac(HashKind::sha256, key_, text));
}

}  // namespace sluice::protocol
