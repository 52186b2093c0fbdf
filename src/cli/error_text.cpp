#include "cli/error_text.hpp"

#include <ostream>

#include "base/text.hpp"

namespace sluice::cli {

using client::FailureKind;

int exit_code_of(FailureKind kind) {
    switch (kind) {
        case FailureKind::other:
            return exit_other;
        case FailureKind::usage:
            return exit_usage;
        case FailureKind::local:
            return 3;
        case FailureKind::auth:
            return 4;
        case FailureKind::temporary:
            return 5;
        case FailureKind::refused:
            return 6;
        case FailureKind::processing:
            return 7;
        case FailureKind::not_found:
            return 8;
        case FailureKind::integrity:
            return 9;
        case FailureKind::timeout:
            return 10;
        case FailureKind::interrupted:
            return exit_interrupted;
    }
    return exit_other;
}

// Text from the server is shown without its control characters: it must not steer the terminal.
void print_failure(std::ostream& err, std::string_view subject, const client::Failure& failure) {
    constexpr std::size_t line_max = 2000;
    err << "sluice: " << subject << ": " << on_one_line(failure.message, line_max) << " ("
        << printable(failure.code) << ")\n";
    if (failure.status != 0) {
        err << "  facts  the server answered " << failure.status << "\n";
    }
    if (!failure.hint.empty()) {
        err << "  do     " << on_one_line(failure.hint, line_max) << "\n";
    }
    if (!failure.next.empty()) {
        err << "  next   " << on_one_line(failure.next, line_max) << "\n";
    }
    if (!failure.doc_url.empty() || !failure.request_id.empty()) {
        err << "  more   " << on_one_line(failure.doc_url, line_max);
        err << (failure.doc_url.empty() ? "" : "   ");
        err << (failure.request_id.empty() ? "" : "request ") << printable(failure.request_id, 128);
        err << "\n";
    }
}

int usage_error(std::ostream& err, std::string_view text, std::string_view command) {
    err << "sluice: " << text << "\n  do     sluice help" << (command.empty() ? "" : " ") << command
        << "\n";
    return exit_usage;
}

}  // namespace sluice::cli
