// status, list, delete and ping: the commands that look at a server and change little.
#include <fmt/format.h>

#include <array>
#include <istream>
#include <ostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/error_text.hpp"
#include "cli/human_reporter.hpp"
#include "cli/json_reporter.hpp"
#include "client/api.hpp"

namespace sluice::cli {
namespace {

constexpr FlagRule server_rule{"--server", true};
constexpr FlagRule token_rule{"--token-file", true};
constexpr FlagRule json_rule{"--json"};
constexpr std::array status_rules{
    server_rule, token_rule, json_rule, FlagRule{"--wait"}, FlagRule{"--timeout", true}
};
constexpr std::array list_rules{
    server_rule,
    token_rule,
    json_rule,
    FlagRule{"--limit", true},
    FlagRule{"--after", true},
    FlagRule{"--state", true}
};
constexpr std::array delete_rules{
    server_rule, token_rule, FlagRule{"--yes", false, 'y'}, FlagRule{"--no-input"}
};
constexpr std::array ping_rules{
    server_rule, token_rule, FlagRule{"--wait"}, FlagRule{"--timeout", true}
};

int report(Console& console, const std::string& subject, const client::Failure& failure) {
    print_failure(console.err, subject, failure);
    return exit_code_of(failure.kind);
}

client::UploadResult as_result(const client::UploadView& view) {
    return {
        .media_id = view.media_id,
        .media_key = view.media_key,
        .state = view.state,
        .size_bytes = view.size_bytes,
        .outputs = view.outputs
    };
}

bool is_over(const std::string& state) {
    return state == "ready" || state == "failed" || state == "cancelled" || state == "expired";
}

int exit_code_of_state(const std::string& state) {
    if (state == "failed") {
        return exit_code_of(client::FailureKind::processing);
    }
    const bool is_gone = state == "cancelled" || state == "expired";
    return is_gone ? exit_code_of(client::FailureKind::not_found) : exit_done;
}

void print_view(std::ostream& out, const client::UploadView& view, bool as_json) {
    if (as_json) {
        const bool is_end = view.state == "ready" || view.state == "failed";
        auto json = begin_json(is_end ? view.state.c_str() : "processing");
        json.member("id", view.media_id);
        write_result(json, as_result(view));
        json.key("progress_percent");
        view.percent ? json.value(*view.percent) : json.null();
        out << json.end_object().take() << '\n' << std::flush;
        return;
    }
    print_result(out, as_result(view));
    if (view.state != "ready" && view.percent) {
        out << "progress   " << *view.percent << "%\n";
    }
    if (!view.error_message.empty()) {
        out << "reason     " << on_one_line(view.error_message, 600) << "\n";
    }
}

// A request's frame: the connection, its observer, and a caller.
struct Session {
    Session(Console& console, const Connection& connection)
        : around(surroundings(console, connection)),
          observer(console.err),
          caller(around, observer),
          api(caller, connection.server) {}

    client::Surroundings around;
    RetryObserver observer;
    client::Caller caller;
    client::Api api;
};

int show_status(const Arguments& arguments, Console& console, Session& session) {
    const auto& id = arguments.operands.front();
    const auto timeout = parse_duration(arguments.value("--timeout"));
    for (;;) {
        const auto view = session.api.upload(id);
        if (!view) {
            return report(console, id, view.error());
        }
        if (!arguments.has("--wait") || is_over(view->state)) {
            print_view(console.out, *view, arguments.has("--json"));
            return exit_code_of_state(view->state);
        }
        if (timeout && session.caller.elapsed() >= *timeout) {
            print_view(console.out, *view, arguments.has("--json"));
            return exit_code_of(client::FailureKind::timeout);
        }
        console.timer.wait(view->check_after.value_or(std::chrono::seconds(1)), console.stop);
        if (console.stop.load()) {
            return exit_interrupted;
        }
    }
}

void print_row(std::ostream& out, const client::UploadView& view, bool as_json) {
    if (as_json) {
        JsonWriter json;
        json.begin_object().member("v", 1).member("type", "upload");
        json.member("category", view.category).member("created_at", view.created_at);
        write_result(json, as_result(view));
        out << json.end_object().take() << "\n";
        return;
    }
    out << fmt::format(
        "{:<20} {:<10} {:>10}  {:<12} {}\n",
        view.media_id,
        printable(view.state),
        bytes_text(view.size_bytes),
        printable(view.category),
        printable(view.created_at)
    );
}

int show_list(const Arguments& arguments, Console& console, Session& session) {
    const auto limit = parse_unsigned(arguments.value("--limit")).value_or(25);
    const auto page = session.api.uploads(
        static_cast<unsigned>(limit), arguments.value("--after"), arguments.value("--state")
    );
    if (!page) {
        return report(console, "list", page.error());
    }
    for (const auto& view : page->uploads) {
        print_row(console.out, view, arguments.has("--json"));
    }
    if (!page->next.empty()) {
        console.err << "more: sluice list --after " << printable(page->next, 200) << "\n";
    }
    return exit_done;
}

bool is_confirmed(const Arguments& arguments, Console& console) {
    if (arguments.has("--yes")) {
        return true;
    }
    console.err << "delete " << arguments.operands.size() << " upload(s) for good? [y/N] "
                << std::flush;
    std::string answer;
    std::getline(console.in, answer);
    return equals_ignoring_case(trim(answer), "y") || equals_ignoring_case(trim(answer), "yes");
}

int delete_all(const Arguments& arguments, Console& console, Session& session) {
    if (!is_confirmed(arguments, console)) {
        console.err << "sluice: nothing deleted\n";
        return exit_other;
    }
    int code = exit_done;
    bool has_success = false;
    for (const auto& id : arguments.operands) {
        if (const auto removed = session.api.remove(id); !removed) {
            const int failed = report(console, id, removed.error());
            code = code == exit_done || code == failed ? failed : exit_other;
        } else {
            has_success = true;
            console.out << "deleted " << id << "\n";
        }
    }
    return code != exit_done && has_success ? exit_other : code;
}

int ping(const Arguments& arguments, Console& console, const Connection& connection) {
    const auto timeout =
        parse_duration(arguments.value("--timeout")).value_or(std::chrono::seconds(30));
    const auto begin = console.timer.now();
    const auto request = client::HttpRequest{.url = connection.server + "/readyz"};
    for (;;) {
        const auto answer = console.transport.exchange(request, console.stop);
        if (answer && answer->status == 200) {
            console.out << "ready " << connection.server << "\n";
            return exit_done;
        }
        if (console.stop.load()) {
            return exit_interrupted;
        }
        const auto why =
            answer ? "it answered " + std::to_string(answer->status) : answer.error().text;
        const bool is_late = console.timer.now() - begin >= timeout;
        if (!arguments.has("--wait") || is_late) {
            console.err << "sluice: " << connection.server << " is not ready: " << why << "\n";
            return exit_code_of(
                arguments.has("--wait") ? client::FailureKind::timeout
                                        : client::FailureKind::temporary
            );
        }
        console.timer.wait(std::chrono::milliseconds(200), console.stop);
    }
}

// What every command here checks before it connects.
std::expected<Arguments, UsageError> read(Words words, std::span<const FlagRule> rules) {
    auto arguments = parse_arguments(words, rules);
    if (arguments && arguments->has("--timeout") &&
        !parse_duration(arguments->value("--timeout"))) {
        return std::unexpected(UsageError{"--timeout must be a duration as 30s, 5m or 2h"});
    }
    const bool has_limit = arguments && arguments->has("--limit");
    if (has_limit) {
        const auto limit = parse_unsigned(arguments->value("--limit"));
        if (!limit || *limit < 1 || *limit > 200) {
            return std::unexpected(UsageError{"--limit must be a number from 1 to 200"});
        }
    }
    return arguments;
}

using Action = int (*)(const Arguments&, Console&, Session&);

int with_session(const Arguments& arguments, Console& console, Action action) {
    const auto connection = connect_to(arguments, console);
    if (!connection) {
        return report(console, "connection", connection.error());
    }
    auto session = Session(console, *connection);
    return action(arguments, console, session);
}

}  // namespace

int status_command(Words words, Console& console) {
    const auto arguments = read(words, status_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "status");
    }
    if (arguments->operands.size() != 1) {
        return usage_error(console.err, "status needs one media ID", "status");
    }
    return with_session(*arguments, console, show_status);
}

int list_command(Words words, Console& console) {
    const auto arguments = read(words, list_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "list");
    }
    if (!arguments->operands.empty()) {
        return usage_error(console.err, "list takes no operand", "list");
    }
    return with_session(*arguments, console, show_list);
}

int delete_command(Words words, Console& console) {
    const auto arguments = read(words, delete_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "delete");
    }
    if (arguments->operands.empty()) {
        return usage_error(console.err, "delete needs a media ID", "delete");
    }
    const bool may_ask = console.in_is_tty && !arguments->has("--no-input");
    if (!arguments->has("--yes") && !may_ask) {
        return usage_error(console.err, "delete cannot ask here; say --yes to delete", "delete");
    }
    return with_session(*arguments, console, delete_all);
}

int ping_command(Words words, Console& console) {
    const auto arguments = read(words, ping_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "ping");
    }
    const auto connection = connect_to(*arguments, console);
    if (!connection) {
        return report(console, "ping", connection.error());
    }
    return ping(*arguments, console, *connection);
}

}  // namespace sluice::cli
