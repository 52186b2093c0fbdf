#include "protocol/common/command.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "protocol/common/upload_parameters.hpp"

namespace sluice::protocol {
namespace {

constexpr std::array<std::string_view, 4> words{"INIT", "APPEND", "FINALIZE", "STATUS"};

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

Command command_named(std::string_view word) {
    const auto* at = std::ranges::find(words, word);
    return static_cast<Command>(1 + (at - words.begin()));
}

// The id in a call that is refused for another reason, so that the answer can name the next call.
std::uint64_t id_mentioned(const ReceivedForm& form) {
    const auto id = media_id_of(form.parameters.get("media_id"), true);
    return id ? id->value : 0;
}

std::string status_line(const CommandRules& rules, std::uint64_t id) {
    return "GET " + std::string(rules.status_path) + std::to_string(id);
}

Error misspelt(const std::string& command, const ReceivedForm& form) {
    const std::string upper = upper_case(command);
    const bool is_a_matter_of_case = std::ranges::find(words, upper) != words.end();
    std::string facts = "command is \"" + printable(command) + "\"; ";
    if (is_a_matter_of_case) {
        facts += "write " + upper + ", in upper case. Nothing else is wrong with the command.";
    } else {
        facts += "known are INIT, APPEND, FINALIZE and STATUS.";
        if (const auto nearest = nearest_word(upper_case(trim(command)), words)) {
            facts += " Did you mean " + std::string(*nearest) + "?";
        }
    }
    return {
        .code = is_a_matter_of_case ? ErrorCode::command_case : ErrorCode::command_unknown,
        .facts = std::move(facts),
        .media_id = trim(upper) == "STATUS" ? id_mentioned(form) : 0,
    };
}

// A call without command is an upload in one call, unless it has what only the commands take.
bool belongs_to_a_chunked_upload(const Parameters& parameters) {
    return parameters.has("media_id") || parameters.has("segment_index") ||
           parameters.has("total_bytes");
}

Error missing(const ReceivedForm& form, const CommandRules& rules) {
    const Parameters& parameters = form.parameters;
    const std::uint64_t id = id_mentioned(form);
    std::string facts = "There is no parameter \"command\". Received: " + received_list(form) + ".";
    if (parameters.has("total_bytes")) {
        facts += " total_bytes belongs to command=INIT.";
    } else if (parameters.has("segment_index") || form.has_media()) {
        facts += " A media_id with media or a segment_index belongs to command=APPEND.";
    } else if (id != 0) {
        facts += " A media_id alone: is STATUS meant? That is " + status_line(rules, id) +
                 "; command=FINALIZE takes it as well.";
    }
    return {.code = ErrorCode::command_missing, .facts = std::move(facts), .media_id = id};
}

Error status_as_post(const ReceivedForm& form, const CommandRules& rules) {
    const std::uint64_t id = id_mentioned(form);
    return {
        .code = ErrorCode::status_needs_get,
        .facts = "STATUS was sent with POST; send " +
                 (id == 0 ? "GET " + std::string(rules.status_path) + "… instead."
                          : status_line(rules, id) + " instead."),
        .media_id = id,
    };
}

Result<Command> of_get(
    const std::string& command, const ReceivedForm& form, const CommandRules& rules
) {
    if (command.empty()) {
        return rules.get_means_status ? Result<Command>(Command::status) : missing(form, rules);
    }
    if (std::ranges::find(words, command) == words.end()) {
        return misspelt(command, form);
    }
    if (command != "STATUS") {
        return Error{
            .code = ErrorCode::command_needs_post,
            .facts = command + " was sent with GET; send it with POST.",
        };
    }
    return Command::status;
}

}  // namespace

Result<Command> command_of(const ReceivedForm& form, const CommandRules& rules) {
    const std::string command(form.parameters.get("command"));
    if (rules.is_get) {
        return of_get(command, form, rules);
    }
    if (command.empty()) {
        return belongs_to_a_chunked_upload(form.parameters) ? Result<Command>(missing(form, rules))
                                                            : Command::one_shot;
    }
    if (std::ranges::find(words, command) == words.end()) {
        return misspelt(command, form);
    }
    if (command == "STATUS") {
        return status_as_post(form, rules);
    }
    return command_named(command);
}

std::optional<MediaId> id_of_plain_status(std::string_view raw_query, bool get_means_status) {
    static constexpr std::string_view command = "command=STATUS";
    static constexpr std::string_view id = "media_id=";
    std::string_view rest = raw_query;
    if (rest.starts_with(command) && rest.substr(command.size()).starts_with('&')) {
        rest.remove_prefix(command.size() + 1);
    } else if (rest.ends_with(command) && rest.size() > command.size() &&
               rest[rest.size() - command.size() - 1] == '&') {
        rest.remove_suffix(command.size() + 1);
    } else if (!get_means_status) {
        return std::nullopt;
    }
    return rest.starts_with(id) ? MediaId::parse(rest.substr(id.size())) : std::nullopt;
}

}  // namespace sluice::protocol
