// The calls of one upload as a table: when, what, answer, how long, and for STATUS what the server
// said.
#pragma once

#include <iosfwd>
#include <vector>

#include "client/event.hpp"

namespace sluice::cli {

class Timeline {
  public:
    void add(client::Milliseconds at, const client::Called& call) { rows_.push_back({at, call}); }
    void print(std::ostream& out) const;

  private:
    struct Row {
        client::Milliseconds at;
        client::Called call;
    };
    std::vector<Row> rows_;
};

}  // namespace sluice::cli
