// Credentials (reference 9.8).
#include <cstdlib>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::int64_t clock_window = 300;

bool is_v1(const Call& call) {
    return call.path.starts_with("/1.1/") || call.path.starts_with("/i/");
}

// Seconds by which the caller's clock is ahead of the server's.
std::optional<std::int64_t> clock_error(const Call& call) {
    if (!call.oauth_timestamp || !call.answered_at) {
        return std::nullopt;
    }
    return *call.oauth_timestamp - *call.answered_at;
}

Verdict clock_verdict(const Call& call, std::size_t at) {
    const auto error = clock_error(call);
    std::string facts = told(call, at);
    if (error) {
        facts += " oauth_timestamp is " + std::to_string(std::abs(*error)) + " s " +
                 (*error > 0 ? "ahead of" : "behind") + " the server's clock.";
    }
    return verdict("oauth_timestamp", Confidence::certain, Stage::credentials, at, facts);
}

bool used_nonce_before(const Evidence& evidence, std::size_t at) {
    const std::string& nonce = evidence.trace.calls[at].nonce_digest;
    for (std::size_t i = 0; i < at && !nonce.empty(); ++i) {
        if (evidence.trace.calls[i].nonce_digest == nonce) {
            return true;
        }
    }
    return false;
}

// Which rule of signing the client broke can only be guessed from outside.
Verdict signature_verdict(const Call& call, std::size_t at) {
    std::string facts = told(call, at);
    const bool is_multipart = call.content_type.starts_with("multipart/");
    const bool is_form = call.content_type.starts_with("application/x-www-form-urlencoded");
    if (is_multipart) {
        facts +=
            " The body is multipart: none of its parts may enter the signature, parameters of the "
            "query must.";
    } else if (is_form) {
        facts +=
            " The body is urlencoded: every one of its parameters must enter the signature, "
            "percent-encoded by RFC 3986 (a blank as %20, \"+\" as %2B).";
    }
    const auto confidence = is_multipart || is_form ? Confidence::likely : Confidence::possible;
    return verdict("oauth_signature", confidence, Stage::credentials, at, facts);
}

void judge_401(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    const auto error = clock_error(call);
    if (call.x_code == 135 || (error && std::abs(*error) > clock_window)) {
        found.push_back(clock_verdict(call, at));
    } else if (call.x_code == 89) {
        found.push_back(
            verdict("token_revoked", Confidence::certain, Stage::credentials, at, told(call, at))
        );
    } else if (used_nonce_before(evidence, at)) {
        found.push_back(verdict(
            "oauth_nonce_reused",
            Confidence::likely,
            Stage::credentials,
            at,
            told(call, at) + " Its oauth_nonce was used by an earlier call: sign each try anew."
        ));
    } else if (call.credentials == Credentials::none) {
        found.push_back(
            verdict("auth_missing", Confidence::certain, Stage::credentials, at, told(call, at))
        );
    } else if (call.credentials == Credentials::bearer) {
        found.push_back(
            verdict("token_unknown", Confidence::likely, Stage::credentials, at, told(call, at))
        );
    } else {
        found.push_back(signature_verdict(call, at));
    }
}

void judge_403(const Call& call, std::size_t at, Verdicts& found) {
    if (call.x_code == 220) {
        found.push_back(
            verdict("app_only_token", Confidence::certain, Stage::credentials, at, told(call, at))
        );
    } else if (is_v1(call) && call.credentials == Credentials::bearer) {
        found.push_back(
            verdict("oauth1_needed", Confidence::likely, Stage::credentials, at, told(call, at))
        );
    } else if (call.x_code == 261 || call.x_code == 93 || call.x_code == 453) {
        found.push_back(
            verdict("scope_missing", Confidence::certain, Stage::credentials, at, told(call, at))
        );
    } else if (call.path.starts_with("/2/") && equals_ignoring_case(trim(call.text), "Forbidden")) {
        const std::string facts =
            told(call, at) +
            " X says no more, but this is its answer to a token without the scope media.write.";
        found.push_back(verdict("scope_missing", Confidence::likely, Stage::credentials, at, facts)
        );
    }
}

}  // namespace

void judge_access(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    if (call.x_code == 215) {
        const bool has_bearer = call.credentials == Credentials::bearer;
        found.push_back(verdict(
            has_bearer ? "oauth1_needed" : "auth_missing",
            call.credentials == Credentials::unknown ? Confidence::likely : Confidence::certain,
            Stage::credentials,
            at,
            told(call, at)
        ));
    } else if (call.status == 401) {
        judge_401(evidence, at, found);
    } else if (call.status == 403) {
        judge_403(call, at, found);
    }
}

}  // namespace sluice::diagnosis
