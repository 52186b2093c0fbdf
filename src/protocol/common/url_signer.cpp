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
    const std::string key = std::to_string(week());
    return "?expires=" + expires + "&key=" + key + "&signature=" + signature_of(path, expires, key);
}

bool UrlSigner::is_signed(std::string_view raw_query) {
    return !oauth::value_of(oauth::parse_urlencoded(raw_query), "signature").empty();
}

Result<void> UrlSigner::check(std::string_view path, std::string_view raw_query) const {
    const auto parameters = oauth::parse_urlencoded(raw_query);
    const std::string expires = oauth::value_of(parameters, "expires");
    const std::string sent = oauth::value_of(parameters, "signature");
    const std::string key = oauth::value_of(parameters, "key");
    if (!equal_in_constant_time(sent, signature_of(path, expires, key))) {
        return Error{
            .code = ErrorCode::token_unknown,
            .facts =
                "The signature of this URL is not one of this server for this path and "
                "expiry. Take the URL from the upload object as it stands.",
        };
    }
    const auto ends = parse_unsigned(expires);
    const auto signed_in = parse_unsigned(key);
    const bool is_of_an_old_key = !signed_in || static_cast<std::int64_t>(*signed_in) < week() - 1;
    if (is_of_an_old_key || !ends || static_cast<std::int64_t>(*ends) <= seconds_of(clock_.now())) {
        return Error{
            .code = ErrorCode::token_expired,
            .facts = "This URL was good until " + expires + " (Unix time); it is " +
                     std::to_string(seconds_of(clock_.now())) +
                     " now. The upload object has a fresh one.",
        };
    }
    return ok();
}

std::int64_t UrlSigner::week() const {
    return std::chrono::floor<std::chrono::weeks>(clock_.now()).time_since_epoch().count();
}

std::string UrlSigner::signature_of(
    std::string_view path, std::string_view expires, std::string_view key
) const {
    const std::string week_key = hmac(HashKind::sha256, root_key_, "week " + std::string(key));
    std::string text = "GET\n";
    text += path;
    text += '\n';
    text += expires;
    return hex_of(hmac(HashKind::sha256, week_key, text));
}

}  // namespace sluice::protocol
