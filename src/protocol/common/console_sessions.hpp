// Who is signed in to the console with --auth keys: a cookie that this server made, and can check
// without a table (HMAC-SHA256; holder and end are in it). It stands for the key that it was made
// with, which is looked up with each call, so that it ends with the key; or for the operator, who had
// the link of the start, until the process ends. Signing out ends it for whoever else has it, as
// long as this process lives. Thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/hmac.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

class ConsoleSessions {
  public:
    static constexpr std::chrono::hours lifetime{24 * 7};
    static constexpr std::chrono::hours link_lifetime{1};
    static constexpr std::string_view operator_holder = "operator";

    ConsoleSessions(std::string key, const Clock& clock) : key_(std::move(key)), clock_(clock) {}

    struct Session {
        std::string holder;  // the digest of a bearer token, or operator_holder
        WallTime ends;
    };

    // The code of a link that signs the operator in, once and within link_lifetime. The one before
    // ends.
    std::string make_link_code();
    bool use_link_code(std::string_view code);

    std::string cookie_for(std::string_view holder, bool is_https) const;
    static std::string ended_cookie();
    // The cookie of the request is good no more, if it was.
    void end(const http::Request& request);
    // If the cookie is ours, its time is not over, and no page of another site sent it: a call that
    // changes something has to name this server as its origin.
    std::optional<Session> session_of(const http::Request& request) const;

  private:
    // Those that somebody signed out of; the oldest are forgotten first.
    static constexpr std::size_t ended_max = 10'000;

    std::string signature_of(std::string_view holder, std::string_view text) const;

    const std::string key_;
    const std::string process_ = random_word(32);  // cookies of the operator end with it
    const Clock& clock_;
    mutable std::mutex mutex_;       // guards what is below
    std::deque<std::string> ended_;  // signatures
    std::string link_code_;
    WallTime link_ends_;
};

}  // namespace sluice::protocol
