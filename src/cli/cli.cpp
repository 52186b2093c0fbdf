#include "cli/cli.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/error_text.hpp"
#include "cli/signals.hpp"
#include "client/curl_transport.hpp"

namespace sluice::cli {
namespace {

constexpr std::string_view general_help = R"(sluice: upload media, have it processed, serve it

  sluice serve
  sluice upload holiday.mp4

commands
  serve               run the server (dev mode on 127.0.0.1:8080)
  upload FILE...      upload, wait for processing, print the result
  status ID           the state now; --wait until ready or failed
  list                uploads, newest first
  delete ID...        delete uploads; asks unless --yes
  keys create ...     keys of a server with --auth keys: create, list, revoke, rotate
  process FILE        make of a local file what the server would; --category C --out DIR
  config show ...     what serve would be set to, and by what; validate, init, docs
  fsck --data DIR     compare a stopped server's records with its files; --repair
  backup --to FOLDER  a consistent copy of a server's directory, while it runs; --data DIR
  restore --from ...  a directory again from such a copy; --data DIR
  migrate --to URL    a stopped server's rows to PostgreSQL, or its bytes to an S3 store; --data DIR
  env                 shell lines that point X's clients at a local server
  diagnose ID         why an upload fails or stalls; --trace FILE: a HAR file or curl -v text
  ping                exit 0 when the server is ready; --wait [--timeout 30s]
  version             the version of this program
  help [COMMAND]      this text, or the flags of a command

all but serve and process take  --server URL (or SLUICE_SERVER; default http://127.0.0.1:8080)
                    --token-file FILE (or SLUICE_TOKEN, SLUICE_TOKEN_FILE)
help topics: exit-codes environment
more: http://127.0.0.1:8080/docs
)";

constexpr std::string_view upload_help = R"(sluice upload FILE...

  sluice upload holiday.mp4
  sluice upload --protocol x1 --json --quiet holiday.mp4
  sluice upload --server https://upload.twitter.com --protocol x1 --alt-text "A cat" cat.png

  --server URL        where to (SLUICE_SERVER; default http://127.0.0.1:8080)
  --token-file FILE   bearer token (or SLUICE_TOKEN, SLUICE_TOKEN_FILE)
  --credentials FILE  a ~/.twurlrc, a ~/.xurl, or what `keys create --json` printed; for X's own hosts
                      the first two are found by themselves
  --protocol P        x2 (default), x1, tus or rufh; the last two also to servers that are not Sluice
  --category C        tweet_video, tweet_gif, tweet_image, subtitles; by the type if not given
  --type MIME         by the extension if not given
  --chunk-size N      as 4M or 1MiB; default 4MiB, more for files beyond 1000 segments of it
  --parallel N        segments at a time, 1 to 64; default 4 (by tus and rufh one after the other)
  --alt-text TEXT     for those who cannot see it
  --subtitles FILE    .srt or .vtt, uploaded as well; FILE:de names the language (EN if not given)
  --no-wait           return when all is sent, do not wait for processing
  --timeout D         30s, 5m, 2h, 1d for all of it; then exit 10, the work goes on
  --json              JSON lines on stdout
  --quiet, -q         no progress; with --json only the last object
  --timeline          the calls of the upload, at the end on stdout

Interrupted, it continues when the same command is run again.
more: http://127.0.0.1:8080/docs
)";

constexpr std::string_view env_help = R"help(sluice env

  eval "$(sluice env)"
  sluice env --shell fish | source

Shell lines that lead clients with X's hosts built in (upload.twitter.com, upload.x.com, api.x.com,
api.twitter.com) to a local server that was started with --dev-tls --dev-proxy: proxy, CA files, and
a hook for Node. For test shells only; other https hosts are not reached through the proxy.

  --server URL        which server (SLUICE_SERVER; default http://127.0.0.1:8080)
  --shell S           sh (default; also bash, zsh) or fish
more: http://127.0.0.1:8080/docs
)help";

constexpr std::string_view exit_help = R"(exit codes
  0   done
  1   other failure
  2   usage
  3   configuration or local file
  4   authentication or permission
  5   temporary, retries used up
  6   media refused (type, size, length)
  7   processing failed
  8   not found or expired
  9   integrity mismatch
  10  --timeout passed, work goes on
  130 interrupted (143 by SIGTERM)
Several files: 0 if all succeeded, the common code if all failed alike, else 1.
)";

constexpr std::string_view diagnose_help = R"(sluice diagnose ID

  sluice diagnose 1349803915521482754
  curl -v ... 2>&1 | sluice diagnose --trace -

  --trace FILE        a recording instead: a HAR file, what curl -v (or --trace-ascii -) prints, or a
                      timeline of ours; also of the real X. - is stdin
  --server URL        where the upload is (SLUICE_SERVER; default http://127.0.0.1:8080)
  --token-file FILE   bearer token (or SLUICE_TOKEN, SLUICE_TOKEN_FILE)
  --json              one JSON line on stdout

Exits 0 if nothing is wrong, 1 if a problem was found, 3 if the file cannot be read, 8 if there is
no such upload.
)";

constexpr std::string_view environment_help = R"(environment
  SLUICE_SERVER       URL of the server
  SLUICE_TOKEN        bearer token
  SLUICE_TOKEN_FILE   file that holds it
  SLUICE_CREDENTIALS  file as --credentials takes it
  SLUICE_CONSUMER_KEY, SLUICE_CONSUMER_SECRET, SLUICE_ACCESS_TOKEN, SLUICE_ACCESS_TOKEN_SECRET
                      OAuth 1.0a keys
  XDG_STATE_HOME      interrupted uploads are remembered in its folder sluice (default ~/.local/state)
)";

struct Topic {
    std::string_view name;
    std::string_view text;
};

constexpr std::array topics{
    Topic{"upload", upload_help},
    Topic{"status", "sluice status ID [--wait] [--timeout D] [--json] [--server URL]\n"},
    Topic{"list", "sluice list [--limit N] [--after CURSOR] [--state S] [--json] [--server URL]\n"},
    Topic{"delete", "sluice delete ID... [--yes] [--no-input] [--server URL]\n"},
    Topic{"diagnose", diagnose_help},
    Topic{"env", env_help},
    Topic{"ping", "sluice ping [--wait] [--timeout D] [--server URL]\n"},
    Topic{"exit-codes", exit_help},
    Topic{"environment", environment_help},
};

struct Command {
    std::string_view name;
    int (*run)(Words, Console&);
};

constexpr std::array commands{
    Command{"upload", upload_command},
    Command{"status", status_command},
    Command{"list", list_command},
    Command{"delete", delete_command},
    Command{"diagnose", diagnose_command},
    Command{"env", env_command},
    Command{"ping", ping_command},
};

constexpr std::array<std::string_view, 17> command_names{
    "serve",
    "upload",
    "status",
    "list",
    "delete",
    "diagnose",
    "env",
    "keys",
    "process",
    "fsck",
    "migrate",
    "backup",
    "config",
    "restore",
    "ping",
    "version",
    "help"
};

int help(Words words, Console& console) {
    const auto name = words.empty() ? std::string() : words.front();
    const auto* topic = std::ranges::find(topics, name, &Topic::name);
    console.out << (topic == topics.end() ? general_help : topic->text);
    return exit_done;
}

int unknown_command(std::string_view word, Console& console) {
    auto text = "unknown command " + printable(word);
    if (const auto nearest = nearest_word(word, command_names)) {
        text += "; did you mean " + std::string(*nearest) + "?";
    }
    return usage_error(console.err, text, "");
}

bool asks_for_help(Words words) {
    const auto flags_end = std::ranges::find(words, "--");
    return std::any_of(words.begin(), flags_end, [](const std::string& word) {
        return word == "-h" || word == "--help";
    });
}

std::optional<std::string> variable(const std::string& name) {
    const char* value =
        std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::span<const std::string_view> known_commands() {
    return command_names;
}

int run(const std::vector<std::string>& words, Console& console) {
    if (words.empty()) {
        console.err << general_help;
        return exit_usage;
    }
    const auto& name = words.front();
    const auto rest = Words(words).subspan(1);
    if (name == "help" || name == "-h" || name == "--help") {
        return help(rest, console);
    }
    if (name == "version" || name == "--version") {
        console.out << "sluice " SLUICE_VERSION "\n";
        return exit_done;
    }
    const auto* command = std::ranges::find(commands, name, &Command::name);
    if (command == commands.end()) {
        return unknown_command(name, console);
    }
    if (asks_for_help(rest)) {
        return help(Words(words).first(1), console);
    }
    return command->run(rest, console);
}

int run_command(int argc, char** argv) {
    const auto& stop = stop_on_signals();
    client::CurlTransport transport;
    client::SteadyTimer timer;
    auto console = Console{
        .out = std::cout,
        .err = std::cerr,
        .in = std::cin,
        .in_is_tty = ::isatty(STDIN_FILENO) == 1,
        .err_is_tty = ::isatty(STDERR_FILENO) == 1 && variable("TERM").value_or("dumb") != "dumb",
        .variable = variable,
        .stop = stop,
        .transport = transport,
        .timer = timer
    };
    return run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), console);
}

}  // namespace sluice::cli
