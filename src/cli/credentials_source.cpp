#include "cli/credentials_source.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/text.hpp"

namespace sluice::cli {
namespace {

using client::Credentials;
using client::Failure;
using client::FailureKind;
using Found = client::Outcome<Credentials>;

Failure unreadable(std::string message, std::string hint) {
    return {
        .kind = FailureKind::local,
        .code = "credentials_unreadable",
        .message = std::move(message),
        .hint = std::move(hint)
    };
}

std::optional<std::string> contents_of(const std::string& path) {
    auto file = std::ifstream(path);
    auto text = std::string(std::istreambuf_iterator<char>(file), {});
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Found read_token(const std::string& path) {
    const auto text = contents_of(path).value_or("");
    // A file that an editor wrote ends in a line end.
    auto token = std::string(trim(text.substr(0, text.find_last_not_of("\r\n") + 1)));
    const bool is_line = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 127; });
    if (token.empty() || !is_line) {
        auto failure = unreadable(
            "the token file " + path + " holds no token",
            "Put the bearer token, and nothing else, into the file."
        );
        failure.code = "token_unreadable";
        return failure;
    }
    return Credentials{.bearer = std::move(token), .oauth1 = {}};
}

Found read_file(const std::string& path) {
    auto found = client::parse_credentials(contents_of(path).value_or(""));
    if (!found) {
        return unreadable(
            path + " holds no user's credentials",
            "Give a ~/.twurlrc, a ~/.xurl, or what `sluice keys create --json` printed."
        );
    }
    return std::move(*found);
}

std::string set_variable(const Console& console, const char* name) {
    return std::string(trim(console.variable(name).value_or("")));
}

std::optional<Credentials> keys_of_environment(const Console& console) {
    client::OAuth1Keys keys{
        .consumer_key = set_variable(console, "SLUICE_CONSUMER_KEY"),
        .consumer_secret = set_variable(console, "SLUICE_CONSUMER_SECRET"),
        .token = set_variable(console, "SLUICE_ACCESS_TOKEN"),
        .token_secret = set_variable(console, "SLUICE_ACCESS_TOKEN_SECRET")
    };
    if (keys.consumer_key.empty() || keys.consumer_secret.empty() || keys.token.empty() ||
        keys.token_secret.empty()) {
        return std::nullopt;
    }
    return Credentials{.bearer = set_variable(console, "SLUICE_TOKEN"), .oauth1 = std::move(keys)};
}

// The first that holds any.
Credentials of_home(const Console& console) {
    const auto home = set_variable(console, "HOME");
    for (const auto* name : {"/.twurlrc", "/.xurl", "/.xurl/auth.yml"}) {
        if (auto found = client::parse_credentials(contents_of(home + name).value_or(""))) {
            return std::move(*found);
        }
    }
    return {};
}

}  // namespace

Found find_credentials(
    const Arguments& arguments, const Console& console, const std::string& server
) {
    if (arguments.has("--credentials")) {
        return read_file(arguments.value("--credentials"));
    }
    if (arguments.has("--token-file")) {
        return read_token(arguments.value("--token-file"));
    }
    if (const auto path = set_variable(console, "SLUICE_CREDENTIALS"); !path.empty()) {
        return read_file(path);
    }
    if (auto keys = keys_of_environment(console)) {
        return std::move(*keys);
    }
    if (auto token = set_variable(console, "SLUICE_TOKEN"); !token.empty()) {
        return Credentials{.bearer = std::move(token), .oauth1 = {}};
    }
    if (const auto path = set_variable(console, "SLUICE_TOKEN_FILE"); !path.empty()) {
        return read_token(path);
    }
    return client::is_host_of_x(server) ? of_home(console) : Credentials{};
}

}  // namespace sluice::cli
