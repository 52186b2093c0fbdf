#include "store/postgres/url.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

namespace sluice::postgres {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Options parsed(const std::string& url) {
    char* why = nullptr;  // quotes the URL
    Options options(PQconninfoParse(url.c_str(), &why), PQconninfoFree);
    PQfreemem(why);
    return options;
}

}  // namespace

bool is_url(const std::string& text) {
    return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

Result<void> check_url(const std::string& url) {
    return is_url(url) && parsed(url) ? ok() : Error{.code = ErrorCode::parameter_invalid};
}

std::string shown_url(const std::string& url) {
    const Options options = parsed(url);
    if (!is_url(url) || !options) {
        return "postgres://… (not shown: it may hold a password)";
    }
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

}  // namespace sluice::postgres
