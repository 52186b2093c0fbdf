#include "protocol/common/page_origins.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::protocol {

std::string host_of(std::string_view origin) {
    const auto scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos) {
        return {};
    }
    auto host = origin.substr(scheme_end + 3);
    const bool is_bracketed = host.starts_with('[');
    host = host.substr(0, is_bracketed ? host.find(']') + 1 : host.find(':'));
    return lower_case(host);
}

bool is_address(std::string_view host) {
    return host.starts_with('[') ||
           (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool is_of_this_machine(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && is_address(host));
}

bool PageOrigins::has_name(std::string_view host) const {
    return std::ranges::find(names, host) != names.end();
}

bool PageOrigins::has(std::string_view origin) const {
    // It comes back in a field, also out of a head that was never read to its end.
    const bool is_plain = std::ranges::all_of(origin, [](char c) { return c > ' ' && c < 0x7f; });
    if (!is_plain || origin.empty()) {
        return false;
    }
    if (has_all() || std::ranges::find(listed, origin) != listed.end()) {
        return true;
    }
    const auto host = host_of(origin);
    return !needs_keys && (is_of_this_machine(host) || has_name(host));
}

}  // namespace sluice::protocol
