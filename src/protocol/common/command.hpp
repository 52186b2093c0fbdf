// Which call a request to the upload path is: the parameter command, or its absence, judged against
// the method (reference 9.1, rows 1 to 5). v1.1 and v2's older form share it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/common/receive_form.hpp"

namespace sluice::protocol {

enum class Command : std::uint8_t { one_shot, init, append, finalize, status };

struct CommandRules {
    bool is_get = false;
    bool get_means_status = false;  // v2: GET without command asks for the status
    std::string_view status_path;   // what STATUS is asked with, up to the id
};

// Errors: command_missing, command_case, command_unknown, status_needs_get, command_needs_post.
Result<Command> command_of(const ReceivedForm& form, const CommandRules& rules);

// Of a query that asks for STATUS in the very words of most clients, "command=STATUS&media_id=7" or the
// other way round, and in v2 also "media_id=7". Nothing: another call, or another way to write it.
std::optional<MediaId> id_of_plain_status(std::string_view raw_query, bool get_means_status);

}  // namespace sluice::protocol
