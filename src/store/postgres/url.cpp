#include "store/postgres/url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

namespace sluice::postgres {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Options parsed(const std::string& url) {
    char* why = nullptr;  // quotes the URL
    Options options(PQconninfoParse(url.c_str(), &why), PQconninfoFree);
    PQfreemem(why);
    return options;
}

// Digits, for each host.
bool are_ports(std::string_view text) {
    return text.find_first_not_of("0123456789,") == std::string_view::npos;
}

bool is_unambiguous(const std::string& url, const PQconninfoOption* all) {
    const std::string_view body = std::string_view(url).substr(url.find("://") + 3);
    const std::string_view before_query = body.substr(0, body.find('?'));
    const std::string_view authority = before_query.substr(0, before_query.find('/'));
    // One @, before any other mark; behind a ? only as what it stands for (%40).
    const auto at = body.find('@');
    if (at != std::string_view::npos &&
        (at >= authority.size() || body.find('@', at + 1) != std::string_view::npos)) {
        return false;
    }
    const std::string_view user_and_password =
        authority.substr(0, at == std::string_view::npos ? 0 : at);
    if (std::ranges::count(user_and_password, ':') > 1) {
        return false;
    }
    for (const PQconninfoOption* one = all; one->keyword != nullptr; ++one) {
        if (std::string_view(one->keyword) == "port" && one->val != nullptr &&
            !are_ports(one->val)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_url(const std::string& text) {
    return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

Result<void> check_url(const std::string& url) {
    const Options options = parsed(url);
    return is_url(url) && options && is_unambiguous(url, options.get())
               ? ok()
               : Error{.code = ErrorCode::parameter_invalid};
}

std::string shown_url(const std::string& url) {
    if (!check_url(url)) {
        return "postgres://… (not shown: it may hold a password)";
    }
    const Options options = parsed(url);
    std::map<std::string, std::string> values;
    for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
        if (one->val != nullptr) {
            values[one->keyword] = one->val;
        }
    }
    const std::string user = values["user"].empty() ? "" : values["user"] + "@";
    const std::string port = values["port"].empty() ? "" : ":" + values["port"];
    return "postgres://" + user + values["host"] + port + "/" + values["dbname"];
}

std::string options_in(const std::string& url) {
    std::string found;
    const Options options = parsed(url);
    for (const auto* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
        if (std::string_view(one->keyword) == "options" && one->val != nullptr) {
            found = one->val;
        }
    }
    return found;
}

}  // namespace sluice::postgres
