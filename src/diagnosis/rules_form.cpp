// The form of a request: method, path, body, command (reference 9.1).
#include <array>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::array<std::string_view, 4> commands{"INIT", "APPEND", "FINALIZE", "STATUS"};

bool is_command(std::string_view text) {
    for (const std::string_view command : commands) {
        if (text == command) {
            return true;
        }
    }
    return false;
}

std::optional<std::string_view> nearest_command(std::string_view text) {
    for (const std::string_view command : commands) {
        if (equals_ignoring_case(trim(text), command)) {
            return command;
        }
    }
    return nearest_word(text, commands);
}

std::string parameters_of(const Call& call) {
    std::string names;
    for (const auto& [name, value] : call.parameters) {
        names += (names.empty() ? "" : ", ") + printable(name, 40);
    }
    if (call.media) {
        names += (names.empty() ? "" : ", ") + printable(call.media->name, 40);
    }
    return names.empty() ? "none" : names;
}

void judge_command(const Call& call, std::size_t at, Verdicts& found) {
    const auto text = call.parameter("command");
    const auto nearest = nearest_command(text);
    if (text.empty() || is_command(text)) {
        return;
    }
    const bool is_case = nearest && equals_ignoring_case(text, *nearest);
    std::string facts = told(call, at) + " command is \"" + printable(text) + "\"";
    facts += nearest ? "; write " + std::string(*nearest) + "." : ".";
    found.push_back(verdict(
        is_case ? "command_case" : "command_unknown",
        Confidence::certain,
        Stage::command,
        at,
        std::move(facts)
    ));
}

// 38: X did not see what it looked for.
void judge_38(const Call& call, std::size_t at, Verdicts& found) {
    const bool asks_for_id = call.text.contains("media_id or media_key");
    if (call.command == "STATUS" && call.method == "POST") {
        found.push_back(verdict(
            "status_needs_get",
            Confidence::certain,
            Stage::command,
            at,
            told(call, at) + " STATUS was sent with POST, which X takes for an upload in one call."
        ));
    } else if (call.command.empty() && call.has("media_id")) {
        found.push_back(verdict(
            "command_missing",
            Confidence::certain,
            Stage::command,
            at,
            told(call, at) + " media_id came without command. Received: " + parameters_of(call) +
                "."
        ));
    } else if (call.media && call.media->name != "media" && call.media->name != "media_data") {
        found.push_back(verdict(
            "media_part_missing",
            Confidence::certain,
            Stage::parameters,
            at,
            told(call, at) + " The part with the file is named \"" +
                printable(call.media->name, 40) + "\"; rename it to \"media\"."
        ));
    } else if (call.command == "APPEND" && call.media && !call.segment) {
        found.push_back(verdict(
            "segment_index_missing",
            Confidence::certain,
            Stage::parameters,
            at,
            told(call, at) + " Received: " + parameters_of(call) + "."
        ));
    } else if (asks_for_id) {
        found.push_back(verdict(
            "media_id_missing",
            Confidence::likely,
            Stage::parameters,
            at,
            told(call, at) + " Received: " + parameters_of(call) + "."
        ));
    } else {
        found.push_back(verdict(
            "media_missing",
            Confidence::likely,
            Stage::parameters,
            at,
            told(call, at) + " Received: " + parameters_of(call) + "."
        ));
    }
}

// Only what can be told from the path itself; STATUS of something unknown has its own rule.
void judge_path(const Call& call, std::size_t at, Verdicts& found) {
    const std::string_view path = call.path;
    const bool is_near = path.contains("/media/upload") && call.command != "STATUS";
    const bool is_misspelt = is_near && (path.ends_with('/') || path == "/1.1/media/upload" ||
                                         path == "/2/media/upload.json");
    const bool is_wrong_host = path == "/1.1/media/upload.json" && call.origin.contains("://api.");
    if (is_misspelt || (is_near && is_wrong_host)) {
        found.push_back(verdict(
            "unknown_path",
            is_misspelt ? Confidence::certain : Confidence::likely,
            Stage::path,
            at,
            told(call, at) +
                (is_wrong_host ? " v1.1 uploads go to upload.twitter.com, not to " : " The path is "
                ) +
                (is_wrong_host ? call.origin : printable(path, 100)) + "."
        ));
    }
}

void judge_method(const Call& call, std::size_t at, Verdicts& found) {
    const bool needs_post =
        call.command == "INIT" || call.command == "APPEND" || call.command == "FINALIZE";
    if (needs_post && call.method == "GET") {
        found.push_back(
            verdict("command_needs_post", Confidence::certain, Stage::command, at, told(call, at))
        );
    }
    const bool is_old_status = call.command == "STATUS" && call.method == "POST";
    if (is_old_status && call.x_code != 38) {
        found.push_back(
            verdict("status_needs_get", Confidence::certain, Stage::command, at, told(call, at))
        );
    }
}

}  // namespace

void judge_form(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    judge_command(call, at, found);
    judge_method(call, at, found);
    if (call.status == 431 || call.status == 414) {
        found.push_back(verdict(
            "media_in_url",
            Confidence::likely,
            Stage::transport,
            at,
            told(call, at) + " Media, or its base64 text, stands in the address or in a header."
        ));
    } else if (call.status == 404) {
        judge_path(call, at, found);
    } else if (call.x_code == 38) {
        judge_38(call, at, found);
    } else if (call.text.contains("Missing json payload") || call.text.contains("not valid JSON")) {
        const std::string type = call.content_type.empty() ? "none" : call.content_type;
        found.push_back(verdict(
            "json_expected",
            Confidence::certain,
            Stage::body,
            at,
            told(call, at) + " Its Content-Type is " + printable(type, 80) + "; JSON is wanted."
        ));
    }
}

}  // namespace sluice::diagnosis
