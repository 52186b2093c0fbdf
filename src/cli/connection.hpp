// What every command that talks to a server shares: its URL, the credential, a duration as people
// write it, and a caller for single requests.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/cli.hpp"
#include "client/caller.hpp"

namespace sluice::cli {

struct Connection {
    std::string server;  // without a slash at its end
    client::Credentials credentials;
};

// --server or SLUICE_SERVER or http://127.0.0.1:8080; the credentials as credentials_source.hpp says.
client::Outcome<Connection> connect_to(const Arguments& arguments, const Console& console);

client::Surroundings surroundings(Console& console, const Connection& connection);

// 30s, 5m, 2h, 250ms; a bare number is seconds. Nothing otherwise.
std::optional<client::Milliseconds> parse_duration(std::string_view text);

// For single requests: says on stderr why it waits, so that nothing hangs silently.
class RetryObserver final : public client::Observer {
  public:
    explicit RetryObserver(std::ostream& err) : err_(err) {}
    void on(const client::Event& event) override;

  private:
    std::ostream& err_;
};

// One line: what is tried again, when, and why.
std::string retry_text(const client::Retrying& retry);

}  // namespace sluice::cli
