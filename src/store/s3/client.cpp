#include "store/s3/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/signal.hpp"
#include "store/s3/answer_text.hpp"

namespace sluice::s3 {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_tries{500};
constexpr std::chrono::seconds retry_after{2};
constexpr int silent_max = 3;
constexpr std::int64_t skew_of_note_ms = 60'000;
constexpr std::array<const char*, 2> conditions{"if-none-match", "if-match"};

bool is_passing(long status) {
    return status == 408 || status == 409 || status == 429 || (status >= 500 && status != 501);
}

// What the store says of the way the bytes came, not of what was asked.
bool is_spoilt(const std::string& code) {
    static constexpr std::array<std::string_view, 5> codes{
        "BadDigest", "XAmzContentSHA256Mismatch", "RequestTimeout", "IncompleteBody", "SlowDown"
    };
    return std::ranges::find(codes, code) != codes.end();
}

bool is_of_credentials(const std::string& code) {
    static constexpr std::array<std::string_view, 6> codes{
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AccessDenied",
        "ExpiredToken",
        "InvalidToken",
        "AllAccessDisabled"
    };
    return std::ranges::find(codes, code) != codes.end();
}

std::string described(const Call& call, const HttpReply& reply, const std::string& code) {
    const std::string what = call.method + " " + (call.is_of_bucket ? "the bucket" : call.key);
    return reply.status == 0 ? what + ": " + reply.failure
                             : what + ": " + std::to_string(reply.status) + " " + code + " " +
                                   xml_value(reply.text, "Message");
}

Error unavailable(std::string facts, std::string detail) {
    return {
        .code = ErrorCode::storage_unavailable,
        .facts = std::move(facts),
        .detail = std::move(detail),
        .retry_after = retry_after,
    };
}

}  // namespace

Client::Client(Location location, const Clock& clock, ClientOptions options)
    : location_(std::move(location)),
      clock_(clock),
      options_(options),
      transport_(options.times),
      credentials_(transport_, clock, location_.profile, location_.region) {}

Unsigned Client::unsigned_of(const Call& call) const {
    const Endpoint& endpoint = location_.endpoint;
    const std::string bucket = endpoint.path_for(location_.bucket);
    return {
        .method = call.method,
        .host = endpoint.host_for(location_.bucket),
        .path = call.is_of_bucket ? (bucket.empty() ? "/" : bucket)
                                  : bucket + "/" + location_.prefix + call.key,
        .query = call.query,
        .headers = call.headers,
    };
}

// Not every store knows a condition of a PUT; ids are unique without it.
Client::Assumed Client::assumed_for(const Call& call) const {
    return {
        .skew_ms = skew_ms_.load(),
        .has_condition =
            !has_no_conditions_ &&
            std::ranges::any_of(
                conditions, [&call](const char* name) { return call.headers.contains(name); }
            ),
    };
}

HttpRequest Client::signed_request(
    const Call& call, const std::string& payload, Assumed assumed, const Credentials& credentials
) const {
    Unsigned raw = unsigned_of(call);
    if (!assumed.has_condition) {
        for (const char* name : conditions) {
            raw.headers.erase(name);
        }
    }
    const std::string origin = location_.endpoint.scheme + "://" + raw.host;
    const auto now = clock_.now() + std::chrono::milliseconds(assumed.skew_ms);
    auto made = sign(
        std::move(raw),
        credentials,
        {.region = location_.region},
        now,
        payload.empty() ? empty_payload : std::string_view(payload)
    );
    return {
        .method = call.method,
        .url = origin + made.target,
        .headers = std::move(made.headers),
        .body = call.body,
        .into = call.into,
        .patience = call.patience,
    };
}

Result<Credentials> Client::credentials_at_hand() {
    auto known = credentials_.known();
    return known ? Result<Credentials>(*std::move(known))
                 : unavailable("The server's credentials are being renewed.", {});
}

Client::Attempt Client::attempt(const Call& call, const std::string& payload) {
    const Assumed assumed = assumed_for(call);
    auto credentials = call.patience.count() > 0 ? credentials_at_hand() : credentials_.get();
    if (!credentials) {
        return std::unexpected(Failure{.error = std::move(credentials).error()});
    }
    requests_.fetch_add(1, std::memory_order_relaxed);
    auto reply = transport_.perform(signed_request(call, payload, assumed, *credentials));
    // Some operations say 200 and then, when it took long, that it failed.
    const bool is_late_error =
        reply.is_success() && reply.text.find("<Error>") != std::string::npos;
    if (reply.is_success() && !is_late_error) {
        return reply;
    }
    if (is_late_error) {
        reply.status = 500;
    }
    return std::unexpected(failure_of(call, reply, assumed));
}

Client::Failure Client::failure_of(const Call& call, const HttpReply& reply, Assumed assumed) {
    const std::string code = xml_value(reply.text, "Code");
    const std::string detail = described(call, reply, code);
    if (reply.status == 0) {
        return {
            .error = unavailable("The object store does not answer.", detail),
            .may_be_repeated = true,
            .is_silent = true,
            .may_have_come = reply.was_connected,
        };
    }
    if (is_passing(reply.status) || is_spoilt(code)) {
        const std::string said = std::to_string(reply.status) + (code.empty() ? "" : " " + code);
        return {
            .error = unavailable("The object store answered " + said + " again and again.", detail),
            .may_be_repeated = true,
            .may_have_come = true,
        };
    }
    if (code == "RequestTimeTooSkewed") {
        return {
            .error =
                unavailable("The clock of the server differs from the object store's.", detail),
            .may_be_repeated = learns_skew(reply, assumed),
        };
    }
    if (reply.status == 501 && assumed.has_condition) {
        has_no_conditions_ = true;  // several attempts that are on their way may hear it
        return {
            .error = {.code = ErrorCode::storage_failed, .detail = detail},
            .may_be_repeated = true,
        };
    }
    return refused(call, reply, code);
}

// Either clock may be put right, or wrong, at any time. False: the same would be said again.
bool Client::learns_skew(const HttpReply& reply, Assumed assumed) {
    const auto date = reply.headers.find("date");
    const auto theirs = date == reply.headers.end() ? std::time_t{-1}
                                                    : ::curl_getdate(date->second.c_str(), nullptr);
    if (theirs <= 0) {
        return false;
    }
    const WallTime said{std::chrono::seconds{theirs}};
    const std::int64_t skew = (said - clock_.now()).count();
    const std::int64_t before = skew_ms_.exchange(skew);
    return std::abs(skew - before) > skew_of_note_ms || before != assumed.skew_ms;
}

// Asking the same again changes little.
Client::Failure Client::refused(const Call& call, const HttpReply& reply, const std::string& code) {
    const std::string detail = described(call, reply, code);
    if (code == "QuotaExceeded") {
        return {.error = {.code = ErrorCode::storage_full, .detail = detail}};
    }
    if (reply.status == 401 || reply.status == 403 || is_of_credentials(code)) {
        credentials_.forget();
        return {
            .error = unavailable("The object store refuses the server's credentials.", detail),
            .may_be_repeated = code == "ExpiredToken",
        };
    }
    if (reply.status >= 300 && reply.status < 400) {
        return {
            .error = unavailable(
                "The object store answered " + std::to_string(reply.status) +
                    ": the bucket has another endpoint or another region.",
                detail
            ),
        };
    }
    if (code == "NoSuchBucket") {
        return {.error = unavailable("The bucket of the object store is not there.", detail)};
    }
    Error error{.code = ErrorCode::storage_failed, .detail = detail};
    if (reply.status == 404) {
        error.code = ErrorCode::store_not_found;
    } else if (reply.status == 412) {
        error.code = ErrorCode::store_conflict;
    }
    error.is_too_short = reply.status == 416;
    // The first sending may have taken the key itself. Whose it is nobody knows, so it is not deleted.
    const bool is_taken_by_itself =
        reply.status == 412 && reply.was_sent_again && call.next_key != nullptr;
    return {.error = std::move(error), .may_be_repeated = is_taken_by_itself};
}

std::optional<Error> Client::away() {
    const std::scoped_lock lock(mutex_);
    if (!why_down_) {
        return std::nullopt;
    }
    const auto now = Steady::now();
    if (now < next_try_) {
        return why_down_;
    }
    next_try_ = now + between_tries;  // while this one tries, others need not
    return std::nullopt;
}

// One answer that does not come says little of the store; that it cannot be connected to, or several in a
// row, says that it is away.
void Client::note(const Attempt& attempt, int made) {
    const bool is_silent = !attempt && attempt.error().is_silent;
    std::unique_lock lock(mutex_);
    const bool was_down = why_down_.has_value();
    silent_ = is_silent ? silent_ + made : 0;
    const bool is_down =
        is_silent && (was_down || !attempt.error().may_have_come || silent_ >= silent_max);
    if (is_down) {
        why_down_ = attempt.error().error;
        next_try_ = Steady::now() + between_tries;
    } else {
        why_down_.reset();
    }
    lock.unlock();
    if (is_down && !was_down) {
        log::warning(
            "storage_lost",
            location_.shown() + " does not answer",
            {{"detail", attempt.error().error.detail}}
        );
    } else if (!is_down && was_down) {
        log::info("storage_found", location_.shown() + " answers again");
    }
}

void Client::pause(int attempt) const {
    thread_local std::minstd_rand random(std::random_device{}());
    const auto longest = options_.first_pause * (1 << attempt);
    std::uniform_int_distribution<std::int64_t> between(longest.count() / 2, longest.count());
    std::this_thread::sleep_for(std::chrono::milliseconds(between(random)));
}

// The first key is the caller's, who hears that it is taken; those after it are by chance.
bool Client::may_be_repeated(const Call& call, const Failure& failure, int made) {
    const bool is_bad_luck =
        made > 1 && call.next_key != nullptr && failure.error.code == ErrorCode::store_conflict;
    return call.patience.count() == 0 && (failure.may_be_repeated || is_bad_luck);
}

Result<HttpReply> Client::perform(Call& call) {
    before_blocking();  // the digest of the body, and credentials that somebody else renews
    if (auto why = away()) {
        failures_.fetch_add(1, std::memory_order_relaxed);
        return *std::move(why);
    }
    const std::string payload = call.body == nullptr ? std::string() : sha256_of(*call.body);
    if (call.body != nullptr && payload.empty()) {
        return Error{
            .code = ErrorCode::storage_failed, .detail = "what was to be sent is unreadable"
        };
    }
    const auto begun = Steady::now();
    for (int made = 1;; ++made) {
        auto done = attempt(call, payload);
        if (done) {
            note(done, made);
            return *std::move(done);
        }
        if (call.next_key && done.error().may_have_come) {
            send_off({.method = "DELETE", .key = call.key});
        }
        const bool goes_on = may_be_repeated(call, done.error(), made) &&
                             made < options_.attempts_max &&
                             Steady::now() - begun < options_.last_begin;
        if (!goes_on) {
            return given_up(call, done, made);
        }
        repeated_.fetch_add(1, std::memory_order_relaxed);
        pause(made - 1);
        if (call.next_key) {
            call.key = call.next_key();
        }
    }
}

Error Client::given_up(const Call& call, Attempt& last, int made) {
    if (call.patience.count() > 0) {
        return std::move(last.error().error);
    }
    note(last, made);
    const bool is_away = last.error().error.code == ErrorCode::storage_unavailable;
    failures_.fetch_add(is_away ? 1 : 0, std::memory_order_relaxed);
    return std::move(last.error().error);
}

void Client::send_off(const Call& call) {
    if (const auto credentials = credentials_.known()) {
        transport_.send_off(signed_request(call, {}, assumed_for(call), *credentials));
    }
}

Result<std::string> Client::link(
    const std::string& key,
    const std::map<std::string, std::string>& answered,
    std::chrono::seconds valid,
    std::chrono::seconds valid_min
) {
    const auto credentials = credentials_.get();
    if (!credentials) {
        return credentials.error();
    }
    const WallTime now = clock_.now() + std::chrono::milliseconds(skew_ms_.load());
    if (credentials->ends_at) {
        const auto left = std::chrono::floor<std::chrono::seconds>(*credentials->ends_at - now);
        valid = std::min(valid, left);
    }
    if (valid < valid_min) {
        return Error{
            .code = ErrorCode::storage_unavailable, .detail = "the credentials end before the link"
        };
    }
    const Endpoint& endpoint = location_.for_readers;
    const std::string host = endpoint.host_for(location_.bucket);
    const std::string target = presigned_target(
        {.method = "GET",
         .host = host,
         .path = endpoint.path_for(location_.bucket) + "/" + location_.prefix + key,
         .query = answered},
        *credentials,
        {.region = location_.region},
        now,
        valid
    );
    return endpoint.scheme + "://" + host + target;
}

Client::Load Client::load() const {
    const std::scoped_lock lock(mutex_);
    return {
        .requests = requests_.load(),
        .repeated = repeated_.load(),
        .failures = failures_.load(),
        .is_down = why_down_.has_value(),
    };
}

}  // namespace sluice::s3
