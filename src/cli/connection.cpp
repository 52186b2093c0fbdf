#include "cli/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <random>

#include "base/text.hpp"
#include "client/retry.hpp"

namespace sluice::cli {
namespace {

using client::Failure;
using client::FailureKind;

Failure configuration_failure(std::string code, std::string message, std::string hint) {
    return {
        .kind = FailureKind::local,
        .code = std::move(code),
        .message = std::move(message),
        .hint = std::move(hint)
    };
}

client::Outcome<std::string> read_token(const std::string& path) {
    auto file = std::ifstream(path);
    const auto text = std::string(std::istreambuf_iterator<char>(file), {});
    // A file that an editor wrote ends in a line end.
    auto token = std::string(trim(text.substr(0, text.find_last_not_of("\r\n") + 1)));
    const bool is_line = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 127; });
    if (token.empty() || !is_line) {
        return configuration_failure(
            "token_unreadable",
            "the token file " + path + " holds no token",
            "Put the bearer token, and nothing else, into the file."
        );
    }
    return token;
}

client::Outcome<std::string> find_token(const Arguments& arguments, const Console& console) {
    if (arguments.has("--token-file")) {
        return read_token(arguments.value("--token-file"));
    }
    if (const auto token = console.variable("SLUICE_TOKEN"); token && !token->empty()) {
        return std::string(trim(*token));
    }
    if (const auto path = console.variable("SLUICE_TOKEN_FILE"); path && !path->empty()) {
        return read_token(*path);
    }
    return std::string();
}

}  // namespace

client::Outcome<Connection> connect_to(const Arguments& arguments, const Console& console) {
    auto server = arguments.value("--server");
    if (server.empty()) {
        server = console.variable("SLUICE_SERVER").value_or("");
    }
    if (server.empty()) {
        server = "http://127.0.0.1:8080";
    }
    while (server.ends_with('/')) {
        server.pop_back();
    }
    if (!server.starts_with("http://") && !server.starts_with("https://")) {
        return configuration_failure(
            "server_url",
            "the server " + printable(server) + " is not an http:// or https:// URL",
            "Name it as in --server http://127.0.0.1:8080."
        );
    }
    auto token = find_token(arguments, console);
    if (!token) {
        return token.error();
    }
    return Connection{.server = std::move(server), .token = std::move(*token)};
}

client::Surroundings surroundings(Console& console, const Connection& connection) {
    auto engine = std::make_shared<std::minstd_rand>(std::random_device()());
    return {
        .transport = console.transport,
        .timer = console.timer,
        .stop = console.stop,
        .random = [engine] { return std::uniform_real_distribution<>()(*engine); },
        .token = connection.token
    };
}

void RetryObserver::on(const client::Event& event) {
    if (const auto* retry = std::get_if<client::Retrying>(&event.what)) {
        err_ << "sluice: " << retry_text(*retry) << '\n' << std::flush;
    }
}

std::string retry_text(const client::Retrying& retry) {
    return fmt::format(
        "{}: {} ({}); try {} of {} in {:.1f} s",
        retry.name,
        printable(retry.why.message, 300),
        printable(retry.why.code),
        retry.tries + 1,
        client::tries_max,
        static_cast<double>(retry.delay.count()) / 1000.0
    );
}

std::optional<client::Milliseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view suffix;
        std::uint64_t milliseconds;
    };
    constexpr std::array units{
        Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}
    };
    constexpr std::uint64_t longest = 1'000'000'000'000;
    std::uint64_t factor = 1000;
    for (const auto& unit : units) {
        if (text.ends_with(unit.suffix)) {
            text.remove_suffix(unit.suffix.size());
            factor = unit.milliseconds;
            break;
        }
    }
    const auto number = parse_unsigned(text);
    if (!number || *number > longest / factor) {
        return std::nullopt;
    }
    return client::Milliseconds(*number * factor);
}

}  // namespace sluice::cli
