#include "protocol/common/console_sessions.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::string_view cookie_name = "sluice_session=";
constexpr std::size_t link_code_length = 32;
constexpr std::size_t session_id_length = 22;

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string_view cookie_of(const http::Request& request) {
    std::string_view rest = request.header("Cookie").value_or("");
    while (!rest.empty()) {
        const auto end = std::min(rest.find(';'), rest.size());
        const std::string_view one = trim(rest.substr(0, end));
        if (one.starts_with(cookie_name)) {
            return one.substr(cookie_name.size());
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

// "https://app.example:8443" -> "app.example:8443"
std::string_view authority_in(std::string_view origin) {
    const auto scheme_end = origin.find("://");
    return scheme_end == std::string_view::npos ? std::string_view()
                                                : origin.substr(scheme_end + 3);
}

// Browsers say where a call that changes something comes from, and a page cannot make that up.
bool is_of_this_site(const http::Request& request) {
    const bool only_reads = request.method == "GET" || request.method == "HEAD";
    const auto origin = request.header("Origin");
    const auto site = request.header("Sec-Fetch-Site");
    if (only_reads) {
        return !site || *site != "cross-site";
    }
    // A proxy that is trusted may tell the name that the browser knows.
    const std::string_view told =
        request.direct_url ? authority_in(request.base_url) : std::string_view();
    const auto named = authority_in(origin.value_or(""));
    const bool names_us =
        !named.empty() && (equals_ignoring_case(named, request.header("Host").value_or("")) ||
                           equals_ignoring_case(named, told));
    return names_us || (!origin && site == "same-origin");
}

}  // namespace

std::string ConsoleSessions::make_link_code() {
    const std::lock_guard guard(mutex_);
    link_code_ = random_word(link_code_length);
    link_ends_ = clock_.now() + link_lifetime;
    return link_code_;
}

bool ConsoleSessions::use_link_code(std::string_view code) {
    const std::lock_guard guard(mutex_);
    const bool is_right = !link_code_.empty() && equal_in_constant_time(code, link_code_) &&
                          clock_.now() < link_ends_;
    if (is_right) {
        link_code_.clear();
    }
    return is_right;
}

std::string ConsoleSessions::cookie_for(std::string_view holder, bool is_https) const {
    const std::string ends = std::to_string(seconds_of(clock_.now() + lifetime));
    const std::string text = ends + "-" + random_word(session_id_length);
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
    return std::string(cookie_name) + std::string(holder) + "." + text + "." +
           signature_of(holder, text) +
           "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(age) +
           (is_https ? "; Secure" : "");
}

std::string ConsoleSessions::ended_cookie() {
    return std::string(cookie_name) + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
}

std::optional<ConsoleSessions::Session> ConsoleSessions::session_of(const http::Request& request
) const {
    const std::string_view cookie = cookie_of(request);
    const auto first = cookie.find('.');
    const auto second = first == std::string_view::npos ? first : cookie.find('.', first + 1);
    if (second == std::string_view::npos || !is_of_this_site(request)) {
        return std::nullopt;
    }
    const auto holder = cookie.substr(0, first);
    const auto text = cookie.substr(first + 1, second - first - 1);
    const auto signature = cookie.substr(second + 1);
    const auto until = parse_unsigned(text.substr(0, text.find('-')));
    const bool is_ours = equal_in_constant_time(signature, signature_of(holder, text));
    if (!is_ours || !until || static_cast<std::int64_t>(*until) <= seconds_of(clock_.now())) {
        return std::nullopt;
    }
    const auto end = std::chrono::sys_seconds(std::chrono::seconds(*until));
    return Session{.holder = std::string(holder), .ends = end, .mark = std::string(signature)};
}

std::string ConsoleSessions::signature_of(std::string_view holder, std::string_view text) const {
    std::string whole(holder);
    whole += '\n';
    whole += text;
    if (holder == operator_holder) {
        whole += '\n';
        whole += operator_word_;
    }
    return hex_of(hmac(HashKind::sha256, key_, whole));
}

}  // namespace sluice::protocol
