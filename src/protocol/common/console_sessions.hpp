// Who is signed in to the console with --auth keys: a cookie that this server made, and can check
// without a table (HMAC-SHA256; holder and end are in it). It stands for the key that it was made
// with, which is looked up with each call, so that it ends with the key; or for the operator, who had
// the link of the start, until the process ends; among nodes, at all of them until its time is over.
// Who signs out writes its mark down (Keys), and from then on it is good nowhere. Thread-safe.
#pragma once

#include <chrono>
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

    // Cookies of the operator end with their word, which nodes have in common.
    ConsoleSessions(
        std::string key, const Clock& clock, std::string operator_word = random_word(32)
    )
        : key_(std::move(key)), operator_word_(std::move(operator_word)), clock_(clock) {}

    struct Session {
        std::string holder;  // the digest of a bearer token, or operator_holder
        WallTime ends;
        std::string mark;  // of this one alone
    };

    // The code of a link that signs the operator in, once and within link_lifetime. The one before
    // ends.
    std::string make_link_code();
    bool use_link_code(std::string_view code);

    std::string cookie_for(std::string_view holder, bool is_https) const;
    static std::string ended_cookie();
    // If the cookie is ours, its time is not over, and no page of another site sent it: a call that
    // changes something has to name this server as its origin.
    std::optional<Session> session_of(const http::Request& request) const;

  private:
    std::string signature_of(std::string_view holder, std::string_view text) const;

    const std::string key_;
    const std::string operator_word_;
    const Clock& clock_;
    std::mutex mutex_;  // guards what is below
    std::string link_code_;
    WallTime link_ends_;
};

}  // namespace sluice::protocol
