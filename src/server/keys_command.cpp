#include "server/keys_command.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/error_text.hpp"
#include "server/keys_access.hpp"
#include "server/setting_values.hpp"
#include "store/postgres/url.hpp"

namespace sluice::server {
namespace {

using cli::Arguments;
using cli::FlagRule;

constexpr std::array<FlagRule, 10> rules{
    FlagRule{"--database", true},
    FlagRule{"--data", true},
    FlagRule{"--key-file", true},
    FlagRule{"--server", true},
    FlagRule{"--token-file", true},
    FlagRule{"--name", true},
    FlagRule{"--scope", true},
    FlagRule{"--user", true},
    FlagRule{"--expires", true},
    FlagRule{"--json"},
};

std::string variable(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

std::string first_of(std::string first, std::string second, std::string third = "") {
    return !first.empty() ? first : !second.empty() ? second : third;
}

int usage(const std::string& text) {
    return cli::usage_error(std::cerr, text, "keys");
}

// What is wrong, or nothing.
std::string take_wishes(const Arguments& arguments, NewKey& wanted) {
    wanted.name = arguments.value("--name");
    if (wanted.name.empty()) {
        return "keys create needs --name NAME";
    }
    if (arguments.has("--scope")) {
        const auto scopes = parse_scopes(arguments.value("--scope"));
        if (!scopes) {
            return scopes.error().facts;
        }
        wanted.scopes = *scopes;
    }
    if (arguments.has("--user")) {
        const auto user = MediaId::parse(arguments.value("--user"));
        if (!user) {
            return "--user must be the number of a user";
        }
        wanted.user_id = user->value;
    }
    if (arguments.has("--expires")) {
        const std::string text = arguments.value("--expires");
        // A number alone may be meant as days.
        wanted.lifetime =
            text.find_first_of("smhd") < text.size() ? duration_of(text) : std::nullopt;
        if (!wanted.lifetime) {
            return "--expires must be a time as 12h or 30d";
        }
    }
    return {};
}

std::string text_of(const boost::json::value& value) {
    if (value.is_string()) {
        return std::string(value.get_string());
    }
    if (!value.is_array()) {
        return value.is_null() ? "-" : boost::json::serialize(value);
    }
    std::string text;
    for (const auto& element : value.get_array()) {
        text += (text.empty() ? "" : ",") + text_of(element);
    }
    return text;
}

void print_key(const boost::json::object& key) {
    for (const auto& [name, value] : key) {
        std::string left(name);
        left.resize(std::max<std::size_t>(left.size() + 1, 21), ' ');
        std::printf("%s%s\n", left.c_str(), text_of(value).c_str());
    }
}

void print_keys(const boost::json::array& keys) {
    for (const auto& key : keys) {
        const auto member = [&key](const char* name) { return text_of(key.as_object().at(name)); };
        const std::string state = member("revoked_at") != "-"   ? "revoked " + member("revoked_at")
                                  : member("expires_at") != "-" ? "expires " + member("expires_at")
                                                                : "valid";
        std::printf(
            "%s  user %s  %s  %s  %s\n",
            member("id").c_str(),
            member("user_id").c_str(),
            state.c_str(),
            member("scopes").c_str(),
            printable(member("name"), 100).c_str()
        );
    }
}

void print_human(const std::string& json) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(json, failed);
    const auto* object = value.if_object();
    if (failed || object == nullptr) {
        std::printf("%s\n", json.c_str());
        return;
    }
    if (const auto* keys = object->if_contains("data"); keys != nullptr && keys->is_array()) {
        print_keys(keys->get_array());
        return;
    }
    print_key(*object);
    if (object->contains("bearer_token")) {
        std::fprintf(stderr, "Keep these: no secret is shown a second time.\n");
    }
}

int print(const client::Outcome<std::string>& outcome, bool as_json) {
    if (!outcome) {
        cli::print_failure(std::cerr, "keys", outcome.error());
        return cli::exit_code_of(outcome.error().kind);
    }
    if (as_json) {
        std::printf("%s\n", outcome->c_str());
    } else {
        print_human(*outcome);
    }
    return cli::exit_done;
}

std::string token_of(const Arguments& arguments, const Environment& environment) {
    const std::string path =
        first_of(arguments.value("--token-file"), variable(environment, "SLUICE_TOKEN_FILE"));
    if (path.empty()) {
        return variable(environment, "SLUICE_TOKEN");
    }
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return std::string(trim(text.substr(0, text.find_last_not_of("\r\n") + 1)));
}

client::Outcome<std::unique_ptr<KeysAccess>> open_access(
    const Arguments& arguments, const Environment& environment
) {
    if (arguments.has("--server")) {
        std::string server = arguments.value("--server");
        while (server.ends_with('/')) {
            server.pop_back();
        }
        return over_api(std::move(server), token_of(arguments, environment));
    }
    const std::string data = first_of(
        arguments.value("--data"), variable(environment, "SLUICE_SERVER_DATA"), "./sluice-data"
    );
    const std::string key_file = first_of(
        arguments.value("--key-file"),
        variable(environment, "SLUICE_AUTH_KEY_FILE"),
        data + "/keys.secret"
    );
    const std::string database = first_of(
        arguments.value("--database"), variable(environment, "SLUICE_DATABASE_URL"), "sqlite"
    );
    if (database != "sqlite" && !postgres::check_url(database)) {
        return client::Failure{
            .kind = client::FailureKind::usage,
            .code = "parameter_invalid",
            .message = "--database must be sqlite, or a URL as postgres://USER@HOST:5432/DATABASE",
        };
    }
    return open_directory(database, data, key_file);
}

using Action = client::Outcome<std::string> (KeysAccess::*)(KeyId);

int on_key(KeysAccess& keys, const Arguments& arguments, Action action, const std::string& verb) {
    const auto id = parse_unsigned(
        arguments.operands.size() == 2 ? std::string_view(arguments.operands[1]) : ""
    );
    if (!id) {
        return usage("keys " + verb + " takes the id of one key, as keys list shows it");
    }
    return print((keys.*action)({*id}), arguments.has("--json"));
}

int run(KeysAccess& keys, const Arguments& arguments, const NewKey& wanted) {
    const std::string& verb = arguments.operands.front();
    if (verb == "create") {
        return print(keys.create(wanted), arguments.has("--json"));
    }
    if (verb == "list") {
        return print(keys.list(), arguments.has("--json"));
    }
    return verb == "revoke" ? on_key(keys, arguments, &KeysAccess::revoke, verb)
                            : on_key(keys, arguments, &KeysAccess::rotate, verb);
}

}  // namespace

std::string keys_help() {
    return R"(sluice keys create --name NAME | list | revoke ID | rotate ID

  sluice keys create --name "my app"
  sluice keys create --name ci --scope media.write,tweet.read --expires 30d --json

  --name NAME         what the key is for
  --scope LIST        of media.write tweet.read tweet.write users.read dm.read dm.write
                      offline.access admin; default all but admin
  --user NUMBER       act for this user (of another key); default a new one
  --expires D         12h, 30d; default never
  --json              JSON on stdout
  --data DIR          the server's directory (SLUICE_SERVER_DATA; default ./sluice-data)
  --database URL      as of the server (SLUICE_DATABASE_URL; default sqlite)
  --key-file FILE     what secrets are sealed with (SLUICE_AUTH_KEY_FILE; default DIR/keys.secret)
  --server URL        ask a running server instead; needs the scope admin
  --token-file FILE   its token (or SLUICE_TOKEN, SLUICE_TOKEN_FILE)

Works beside a running server, which knows of it within seconds. Secrets are shown once.
)";
}

int keys_command(const std::vector<std::string>& words, const Environment& environment) {
    for (const std::string& word : words) {
        if (word == "--help" || word == "-h") {
            std::fputs(keys_help().c_str(), stdout);
            return cli::exit_done;
        }
    }
    const auto arguments = cli::parse_arguments(words, rules);
    if (!arguments) {
        return usage(arguments.error().text);
    }
    static constexpr std::array<std::string_view, 4> verbs{"create", "list", "revoke", "rotate"};
    const std::string verb = arguments->operands.empty() ? "" : arguments->operands.front();
    if (std::ranges::find(verbs, verb) == verbs.end()) {
        const auto nearest = nearest_word(verb, verbs);
        const std::string hint =
            nearest ? "; did you mean " + std::string(*nearest) + "?" : std::string();
        return usage("keys takes create, list, revoke or rotate" + hint);
    }
    NewKey wanted;
    if (verb == "create") {
        if (const auto wrong = take_wishes(*arguments, wanted); !wrong.empty()) {
            return usage(wrong);
        }
    }
    auto keys = open_access(*arguments, environment);
    if (!keys) {
        return print(keys.error(), false);
    }
    return run(**keys, *arguments, wanted);
}

}  // namespace sluice::server
