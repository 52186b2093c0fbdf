// diagnose: asks a server what went wrong with an upload, or judges a recording on this machine.
#include <algorithm>
#include <array>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "base/json_writer.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/error_text.hpp"
#include "client/api.hpp"
#include "diagnosis/decode.hpp"
#include "diagnosis/diagnose.hpp"
#include "diagnosis/encode.hpp"
#include "diagnosis/read_trace.hpp"

namespace sluice::cli {
namespace {

using client::Failure;
using client::FailureKind;
using diagnosis::Verdict;
using Verdicts = std::vector<Verdict>;

constexpr std::array diagnose_rules{
    FlagRule{"--server", true},
    FlagRule{"--token-file", true},
    FlagRule{"--json"},
    FlagRule{"--trace", true},
};

// It must not steer the terminal, and what is to be run must stay as it is.
std::string shown(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    return text;
}

void print_verdicts(
    std::ostream& out, const std::string& subject, const Verdicts& verdicts, const std::string& docs
) {
    const Verdict& first = verdicts.front();
    out << "sluice: " << shown(subject) << ": " << shown(first.title) << " (" << shown(first.code)
        << (first.is_problem() ? ", " + std::string(name_of(first.confidence)) : "") << ")\n";
    out << "  facts  " << shown(first.facts) << "\n";
    out << "  do     " << shown(first.hint) << "\n";
    if (first.next) {
        out << "  next   " << shown(first.next->curl) << "\n";
    }
    if (first.is_problem()) {
        out << "  more   " << docs << shown(first.code) << "\n";
    }
    for (const Verdict& other : std::span(verdicts).subspan(1)) {
        out << "  also   " << shown(other.code) << " (" << name_of(other.confidence)
            << "): " << shown(other.facts) << "\n";
    }
}

int report(
    Console& console,
    const Arguments& arguments,
    const std::string& subject,
    const Verdicts& verdicts,
    const std::string& server
) {
    const std::string docs = server + "/docs/errors/";
    if (arguments.has("--json")) {
        JsonWriter json;
        json.begin_object().member("v", 1).member("type", "diagnosis");
        json.member(arguments.has("--trace") ? "trace" : "media_id", subject);
        diagnosis::append_verdicts(json, verdicts, docs);
        console.out << json.end_object().take() << "\n";
    } else {
        print_verdicts(console.out, subject, verdicts, docs);
    }
    return verdicts.front().is_problem() ? exit_other : exit_done;
}

int fail(Console& console, const std::string& subject, const Failure& failure) {
    print_failure(console.err, subject, failure);
    return exit_code_of(failure.kind);
}

Failure unreadable(std::string why) {
    return {
        .kind = FailureKind::local,
        .code = "trace_unreadable",
        .message = std::move(why),
        .hint = "Name a HAR file (the browser's network tab saves one) or what curl -v prints."
    };
}

// One byte more than is taken, so that too much is noticed.
std::string read_all(std::istream& in) {
    std::string text;
    std::array<char, 65536> piece{};
    while (in && text.size() <= diagnosis::har_bytes_max) {
        in.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    return text;
}

client::Outcome<std::string> recording(const std::string& name, Console& console) {
    if (name == "-") {
        return read_all(console.in);
    }
    std::ifstream file(name, std::ios::binary);
    std::string text = read_all(file);
    if (!file.is_open() || file.bad() || text.empty()) {
        return unreadable("the file cannot be read, or is empty");
    }
    return text;
}

int diagnose_trace(const Arguments& arguments, Console& console, const std::string& server) {
    const std::string name = arguments.value("--trace");
    const auto text = recording(name, console);
    if (!text) {
        return fail(console, name, text.error());
    }
    const auto trace = diagnosis::read_trace(*text);
    if (!trace) {
        return fail(console, name, unreadable(trace.error().facts));
    }
    return report(console, arguments, name, diagnosis::diagnose(*trace), server);
}

int diagnose_upload(const Arguments& arguments, Console& console, const Connection& connection) {
    const std::string& id = arguments.operands.front();
    auto around = surroundings(console, connection);
    RetryObserver observer(console.err);
    client::Caller caller(around, observer);
    const auto verdicts = client::Api(caller, connection.server).diagnosis(id);
    if (!verdicts) {
        return fail(console, id, verdicts.error());
    }
    const auto parsed = diagnosis::parse_verdicts(*verdicts);
    if (!parsed) {
        return fail(console, id, client::unreadable_answer("GET diagnosis"));
    }
    return report(console, arguments, id, *parsed, connection.server);
}

}  // namespace

int diagnose_command(Words words, Console& console) {
    const auto arguments = parse_arguments(words, diagnose_rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "diagnose");
    }
    const bool is_trace = arguments->has("--trace");
    if (arguments->operands.size() != (is_trace ? 0 : 1)) {
        return usage_error(console.err, "diagnose needs one media ID, or --trace FILE", "diagnose");
    }
    const auto connection = connect_to(*arguments, console);
    if (!connection) {
        return fail(console, "connection", connection.error());
    }
    return is_trace ? diagnose_trace(*arguments, console, connection->server)
                    : diagnose_upload(*arguments, console, *connection);
}

}  // namespace sluice::cli
