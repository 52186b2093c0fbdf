#include "cli/connection.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <ostream>
#include <random>

#include "base/text.hpp"
#include "cli/credentials_source.hpp"
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
    auto credentials = find_credentials(arguments, console, server);
    if (!credentials) {
        return credentials.error();
    }
    return Connection{.server = std::move(server), .credentials = std::move(*credentials)};
}

client::Surroundings surroundings(Console& console, const Connection& connection) {
    auto engine = std::make_shared<std::minstd_rand>(std::random_device()());
    return {
        .transport = console.transport,
        .timer = console.timer,
        .stop = console.stop,
        .random = [engine] { return std::uniform_real_distribution<>()(*engine); },
        .credentials = connection.credentials
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
        on_one_line(retry.why.message, 300),
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
        Unit{"ms", 1},
        Unit{"s", 1000},
        Unit{"m", 60'000},
        Unit{"h", 3'600'000},
        Unit{"d", 86'400'000}
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
