// Client: signed calls to one bucket, repeated where that is right: after 500, 502, 503, 504, a
// time-out or a reset, with growing pauses and jitter, at most 4 attempts and none that begins after
// 15 s. A call that makes an object takes a new key for each attempt, since one that timed out may
// take effect later. While the store is away, calls fail at once, and one each half second tries.
// Blocks; thread-safe.
//
// Errors: storage_unavailable (with facts and retry_after), storage_full (a quota), store_not_found,
// store_conflict (If-None-Match, If-Match), storage_failed; storage_failed with is_too_short for a range that
// is not there. No error and no log line has credentials or a signature in it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/s3/credentials.hpp"
#include "store/s3/location.hpp"
#include "store/s3/transport.hpp"

namespace sluice::s3 {

struct Call {
    std::string method;
    std::string key;  // within the prefix; of a call to the bucket itself empty
    bool is_of_bucket = false;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  // names in lower case
    const Body* body = nullptr;
    std::span<std::byte> into;
    // Of a call that makes an object: the key of the next attempt. What the one before may have left
    // is deleted, or found by the sweep of orphans.
    std::function<std::string()> next_key;
    // Of one that can be done without: in so long or not at all, and nobody learns from it that the store is away. 0: as
    // long as it takes.
    std::chrono::milliseconds patience{0};
};

struct ClientOptions {
    TransportTimes times;
    int attempts_max = 4;
    std::chrono::milliseconds first_pause{100};  // doubled each time
    std::chrono::seconds last_begin{15};
};

class Client {
  public:
    Client(Location location, const Clock& clock, ClientOptions options = {});

    // A 2xx answer. `call.key` is the key of the attempt that succeeded.
    Result<HttpReply> perform(Call& call);
    Result<HttpReply> perform(Call&& call) { return perform(call); }
    // Without waiting (not for credentials either), without repeating: for cleaning up, where another
    // net is below.
    void send_off(const Call& call);

    // A URL for readers; `answered`: response-content-type and its kin. It ends with the credentials, though
    // it says a later time: storage_unavailable if they end before `valid_min`.
    Result<std::string> link(
        const std::string& key,
        const std::map<std::string, std::string>& answered,
        std::chrono::seconds valid,
        std::chrono::seconds valid_min
    );

    // Looks for others where those at hand have ended, or the store did not take them: a call with `patience` does not wait
    // for that. Blocks then.
    void find_credentials() {
        if (!credentials_.known()) {
            static_cast<void>(credentials_.get().has_value());
        }
    }

    const Location& location() const { return location_; }

    struct Load {
        std::uint64_t requests = 0;
        std::uint64_t repeated = 0;
        std::uint64_t failures = 0;  // calls that ended with storage_unavailable
        bool is_down = false;
    };
    Load load() const;

  private:
    struct Failure {
        Error error;
        bool may_be_repeated = false;
        bool is_silent = false;      // no answer came
        bool may_have_come = false;  // the store may have the bytes, now or later
    };
    using Attempt = std::expected<HttpReply, Failure>;
    // What an attempt was made with; others may have learned better since.
    struct Assumed {
        std::int64_t skew_ms = 0;
        bool has_condition = false;
    };

    Result<Credentials> credentials_at_hand();
    Attempt attempt(const Call& call, const std::string& payload);
    Unsigned unsigned_of(const Call& call) const;
    Assumed assumed_for(const Call& call) const;
    HttpRequest signed_request(
        const Call& call,
        const std::string& payload,
        Assumed assumed,
        const Credentials& credentials
    ) const;
    Failure failure_of(const Call& call, const HttpReply& reply, Assumed assumed);
    bool learns_skew(const HttpReply& reply, Assumed assumed);
    Failure refused(const Call& call, const HttpReply& reply, const std::string& code);
    std::optional<Error> away();
    void note(const Attempt& attempt, int made);
    static bool may_be_repeated(const Call& call, const Failure& failure, int made);
    Error given_up(const Call& call, Attempt& last, int made);
    void pause(int attempt) const;

    const Location location_;
    const Clock& clock_;
    const ClientOptions options_;
    Transport transport_;
    CredentialSource credentials_;
    std::atomic<std::uint64_t> requests_ = 0;
    std::atomic<std::uint64_t> repeated_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::atomic<bool> has_no_conditions_ = false;  // the store knows no conditions of a PUT
    std::atomic<std::int64_t> skew_ms_ = 0;        // of the store's clock against ours
    mutable std::mutex mutex_;                     // guards all below
    int silent_ = 0;                               // attempts in a row that heard nothing
    std::optional<Error> why_down_;
    std::chrono::steady_clock::time_point next_try_;
};

}  // namespace sluice::s3
