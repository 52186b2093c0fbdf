#include "cli/human_reporter.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

#include "base/text.hpp"
#include "cli/connection.hpp"
#include "cli/error_text.hpp"

namespace sluice::cli {
namespace {

unsigned terminal_width() {
    struct winsize size = {};
    const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return is_known ? size.ws_col : 80;
}

int percent_of(std::uint64_t bytes, std::uint64_t total) {
    return total == 0 ? 100 : static_cast<int>(bytes * 100 / total);
}

}  // namespace

void print_result(std::ostream& out, const client::UploadResult& result) {
    out << "media id   " << result.media_id << "\n";
    out << "state      " << printable(result.state) << "\n";
    out << "size       " << result.size_bytes << " bytes\n";
    for (const auto& output : result.outputs) {
        const auto name = printable(output.name);
        out << fmt::format(
            "{:<10} {}  ({}, {} bytes)\n",
            name,
            printable(output.url, 2000),
            printable(output.content_type),
            output.size_bytes
        );
    }
    out << std::flush;
}

HumanReporter::HumanReporter(std::ostream& out, std::ostream& err, std::string file, Style style)
    : out_(out), err_(err), file_(std::move(file)), style_(style) {}

void HumanReporter::on(const client::Event& event) {
    std::visit([&](const auto& what) { show(event, what); }, event.what);
}

void HumanReporter::show(const client::Event& event, const client::Started& started) {
    percent_shown_ = 0;
    quarter_shown_ = 0;
    window_ = RateWindow();
    window_.add(event.at, started.bytes_acknowledged);
    line(fmt::format(
        "{}: {} {}, {} segments, media id {}",
        file_,
        started.resumed ? "continuing" : "sending",
        bytes_text(started.bytes_total),
        started.segments,
        event.media_id
    ));
    transfer(event.at, started.bytes_acknowledged, started.bytes_total);
}

void HumanReporter::show(const client::Event& event, const client::Called& call) {
    timeline_.add(event.at, call);
}

void HumanReporter::show(const client::Event& event, const client::Acknowledged& acknowledged) {
    window_.add(event.at, acknowledged.bytes_acknowledged);
    transfer(event.at, acknowledged.bytes_acknowledged, acknowledged.bytes_total);
}

void HumanReporter::transfer(client::Milliseconds at, std::uint64_t bytes, std::uint64_t total) {
    percent_shown_ = std::max(percent_shown_, percent_of(bytes, total));
    auto detail = bytes_text(bytes) + " of " + bytes_text(total);
    if (const auto rate = window_.rate(); rate && *rate > 0) {
        detail += "  " + bytes_text(static_cast<std::uint64_t>(*rate)) + "/s";
        detail += fmt::format("  {} s left", window_.seconds_left(total - bytes).value_or(0));
    }
    const auto facts =
        ProgressFacts{.label = "transfer", .percent = percent_shown_, .detail = detail};
    const bool is_end = bytes == total;
    if (style_.is_tty && (at >= next_draw_ || is_end)) {
        next_draw_ = at + std::chrono::milliseconds(100);
        draw(facts);
    }
    const int quarter = percent_shown_ / 25;
    if (!style_.is_tty && (quarter > quarter_shown_ || at >= next_draw_)) {
        next_draw_ = at + std::chrono::seconds(10);
        quarter_shown_ = quarter;
        line(fmt::format("{}: transfer {}%, {}", file_, percent_shown_, detail));
    }
}

void HumanReporter::show(const client::Event&, const client::Retrying& retry) {
    line(file_ + ": " + retry_text(retry));
}

void HumanReporter::show(const client::Event&, const client::Sent&) {
    end_bar();
    percent_shown_ = 0;
}

void HumanReporter::show(const client::Event&, const client::StatusKnown& status) {
    const auto& processing = status.processing;
    const bool is_done = processing.state == "succeeded";
    const int percent = is_done ? 100 : processing.percent.value_or(0);
    percent_shown_ = std::max(percent_shown_, percent);
    auto detail = printable(processing.state);
    if (processing.check_after) {
        detail += fmt::format(", next look in {} s", processing.check_after->count());
    }
    if (style_.is_tty) {
        draw({.label = "processing", .percent = percent_shown_, .detail = detail});
        return;
    }
    line(fmt::format("{}: processing {}%, {}", file_, percent_shown_, detail));
}

void HumanReporter::show(const client::Event&, const client::Ready& ready) {
    end_bar();
    print_timeline();
    print_result(out_, ready.result);
}

void HumanReporter::show(const client::Event&, const client::Failed& failed) {
    end_bar();
    print_timeline();
    print_failure(err_, file_, failed.failure);
}

void HumanReporter::line(std::string_view text) {
    if (style_.is_quiet) {
        return;
    }
    end_bar();
    err_ << text << '\n' << std::flush;
}

// Back to the first column, the line, and the rest of the old one erased.
void HumanReporter::draw(const ProgressFacts& facts) {
    if (style_.is_quiet) {
        return;
    }
    err_ << '\r' << bar_line(facts, terminal_width() - 1) << "\x1b[K" << std::flush;
    bar_is_open_ = true;
}

void HumanReporter::end_bar() {
    if (bar_is_open_) {
        err_ << '\n' << std::flush;
        bar_is_open_ = false;
    }
}

void HumanReporter::print_timeline() {
    if (style_.has_timeline) {
        timeline_.print(out_);
    }
}

}  // namespace sluice::cli
