// The conversation on one connection, without its socket: requests in, answers out. The bytes of a
// body are moved by the engine, which is what is measured; everything else is as little as will do
// for the load generator.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "yardstick/store.hpp"

namespace sluice::yardstick {

struct Body {
    int file = -1;
    std::uint64_t offset = 0;  // of the next byte
    std::uint64_t left = 0;    // to be moved by the engine; begins with what is in `unread`

    void moved(std::uint64_t count) {
        offset += count;
        left -= count;
    }
};

class Session {
  public:
    explicit Session(Store& store) : store_(store) {}

    std::string unread;   // received, not yet used
    std::string answers;  // to be sent
    Body body;
    unsigned writes_under_way = 0;

    // Goes on as far as it can: afterwards there is a body to move, or more to receive.
    void advance();
    bool is_moving() const { return in_body_ && body.left > 0; }
    // FINALIZE that waits for a shared sync; `synced` lets it go on.
    bool waits_for_sync() const { return waits_for_sync_; }
    void synced();
    // A file that is to be sent after `answers`, whole; -1 if none. Taken once.
    int take_file(std::uint64_t& offset, std::uint64_t& length);

  private:
    bool end_body();
    bool begin_request();
    bool begin_append(std::string_view head, std::string_view after, std::uint64_t length);
    void answer_get(std::string_view target);
    void answer_form(std::string_view form);
    void answer(std::string_view status, const std::string& json);

    Store& store_;
    bool in_body_ = false;
    bool waits_for_sync_ = false;
    std::uint64_t tail_ = 0;  // bytes after the media part
    const Stored* download_ = nullptr;
};

}  // namespace sluice::yardstick
