// env: shell lines that point clients with X's hosts built in at a local Sluice. On any failure
// stdout stays empty, so that `eval "$(sluice env)"` changes nothing.
#include <array>
#include <ostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/error_text.hpp"
#include "cli/shell_lines.hpp"
#include "client/api.hpp"
#include "client/dev_environment.hpp"

namespace sluice::cli {
namespace {

using client::Failure;
using client::FailureKind;

constexpr std::array env_rules{FlagRule{"--server", true}, FlagRule{"--shell", true}};
constexpr const char* start_hint = "sluice serve --dev-tls --dev-proxy 127.0.0.1:8888";
constexpr int status_ok = 200;
constexpr int status_not_found = 404;

Failure without_dev_tls(const std::string& server) {
    return {
        .kind = FailureKind::local,
        .code = "dev_tls_off",
        .message = "the server at " + server + " was not started with --dev-tls --dev-proxy",
        .hint = start_hint
    };
}

client::Outcome<client::DevEnvironment> ask(const std::string& server, Console& console) {
    const auto request = client::HttpRequest{.url = server + "/api/v1/dev/env"};
    const auto answer = console.transport.exchange(request, console.stop);
    if (!answer) {
        return Failure{
            .kind = FailureKind::temporary,
            .code = "server_unreachable",
            .message = "no server answers at " + server + ": " + answer.error().text,
            .hint = std::string(start_hint) + "   (or name another with --server URL)"
        };
    }
    if (answer->status == status_not_found) {
        return without_dev_tls(server);
    }
    auto offer = answer->status == status_ok ? client::parse_dev_environment(answer->body)
                                             : std::optional<client::DevEnvironment>();
    if (!offer) {
        return client::unreadable_answer("GET /api/v1/dev/env");
    }
    if (offer->proxy_url.empty() || offer->ca_bundle_file.empty()) {
        return without_dev_tls(server);
    }
    return *std::move(offer);
}

struct Variable {
    const char* name;
    std::string value;
};

void print(
    Shell shell, const client::DevEnvironment& offer, const std::string& server, Console& console
) {
    const std::string local = "127.0.0.1,localhost,::1";
    const auto node_options = console.variable("NODE_OPTIONS").value_or("");
    const auto ruby = with_ruby_hook(
        console.variable("RUBYOPT").value_or(""),
        console.variable("RUBYLIB").value_or(""),
        offer.ruby_hook_file
    );
    const std::array variables{
        Variable{"HTTPS_PROXY", offer.proxy_url},
        Variable{"https_proxy", offer.proxy_url},
        Variable{"http_proxy", offer.proxy_url},  // Ruby's net/http reads this one for https, too
        Variable{"NO_PROXY", local},
        Variable{"no_proxy", local},
        Variable{"SSL_CERT_FILE", offer.ca_bundle_file},
        Variable{"REQUESTS_CA_BUNDLE", offer.ca_bundle_file},
        Variable{"CURL_CA_BUNDLE", offer.ca_bundle_file},
        Variable{"PERL_LWP_ENV_PROXY", "1"},
        Variable{"PERL_LWP_SSL_CA_FILE", offer.ca_bundle_file},
        Variable{"HTTPS_CA_FILE", offer.ca_bundle_file},
        Variable{"NODE_EXTRA_CA_CERTS", offer.ca_bundle_file},
        Variable{"NODE_USE_ENV_PROXY", "1"},
        Variable{"NODE_OPTIONS", with_node_hook(node_options, offer.node_hook_file)},
        Variable{"RUBYOPT", ruby.options},
        Variable{"RUBYLIB", ruby.library},
        Variable{"SLUICE_SERVER", server},
    };
    for (const auto& [name, value] : variables) {
        console.out << shell_line(shell, name, value);
    }
}

int failed(Console& console, const Failure& failure) {
    print_failure(console.err, "env", failure);
    return exit_code_of(failure.kind);
}

}  // namespace

int env_command(Words words, Console& console) {
    const auto arguments = parse_arguments(words, env_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "env");
    }
    const auto name = arguments->has("--shell") ? arguments->value("--shell") : std::string("sh");
    const auto shell = parse_shell(name);
    if (!shell) {
        return usage_error(
            console.err, "--shell is " + printable(name) + "; it must be sh or fish", "env"
        );
    }
    if (!arguments->operands.empty()) {
        return usage_error(console.err, "env takes no operand", "env");
    }
    const auto connection = connect_to(*arguments, console);
    if (!connection) {
        return failed(console, connection.error());
    }
    const auto offer = ask(connection->server, console);
    if (!offer) {
        return failed(console, offer.error());
    }
    print(*shell, *offer, connection->server, console);
    return exit_done;
}

}  // namespace sluice::cli
