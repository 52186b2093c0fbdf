// An upload for people: progress on stderr (a bar for the transfer, then one for the processing on
// a terminal; whole lines off it), the result on stdout. One reporter per file; used under the
// uploader's lock.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "cli/progress_line.hpp"
#include "cli/timeline.hpp"
#include "client/event.hpp"

namespace sluice::cli {

class HumanReporter final : public client::Observer {
  public:
    struct Style {
        bool is_tty = false;
        bool is_quiet = false;  // no progress
        bool has_timeline = false;
    };

    HumanReporter(std::ostream& out, std::ostream& err, std::string file, Style style);

    void on(const client::Event& event) override;

  private:
    void show(const client::Event& event, const client::Started& started);
    void show(const client::Event& event, const client::Called& call);
    void show(const client::Event& event, const client::Acknowledged& acknowledged);
    void show(const client::Event& event, const client::Retrying& retry);
    void show(const client::Event& event, const client::Sent& sent);
    void show(const client::Event& event, const client::StatusKnown& status);
    void show(const client::Event& event, const client::Ready& ready);
    void show(const client::Event& event, const client::Failed& failed);
    void transfer(client::Milliseconds at, std::uint64_t bytes, std::uint64_t total);
    void line(std::string_view text);
    void draw(const ProgressFacts& facts);
    void end_bar();
    void print_timeline();

    std::ostream& out_;
    std::ostream& err_;
    std::string file_;
    Style style_;
    Timeline timeline_;
    RateWindow window_;
    client::Milliseconds next_draw_{0};
    int quarter_shown_ = 0;
    int percent_shown_ = 0;
    bool bar_is_open_ = false;
};

// The result as the commands print it: id, state, size, a line for each output.
void print_result(std::ostream& out, const client::UploadResult& result);

}  // namespace sluice::cli
