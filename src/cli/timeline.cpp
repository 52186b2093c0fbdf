#include "cli/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/text.hpp"

namespace sluice::cli {
namespace {

std::string processing_text(const client::Processing& processing) {
    auto text = printable(processing.state);
    if (processing.percent) {
        text += fmt::format("  progress_percent {}", *processing.percent);
    }
    if (processing.check_after) {
        text += fmt::format("  check_after_secs {}", processing.check_after->count());
    }
    return text;
}

}  // namespace

void Timeline::print(std::ostream& out) const {
    // They came in the order of their answers; parallel calls begin in another.
    auto rows = rows_;
    std::ranges::sort(rows, {}, [](const Row& row) {
        return std::pair(row.at - row.call.duration, row.at);
    });
    out << "timeline\n      time  call          HTTP  duration\n";
    for (const auto& [at, call] : rows) {
        // `at` is when the answer came; the table shows when the call began.
        const auto began = static_cast<double>((at - call.duration).count()) / 1000.0;
        const auto status = call.status == 0 ? "-" : std::to_string(call.status);
        out << fmt::format(
            "  {:>7.3f}s  {:<12}  {:>4}  {:>5} ms", began, call.name, status, call.duration.count()
        );
        out << (call.processing ? "  " + processing_text(*call.processing) : "") << "\n";
    }
}

}  // namespace sluice::cli
