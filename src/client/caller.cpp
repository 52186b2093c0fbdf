#include "client/caller.hpp"

#include <utility>

#include "client/retry.hpp"

namespace sluice::client {
namespace {

bool is_success(const HttpAnswer& answer) {
    return answer.status >= 200 && answer.status < 300;
}

std::optional<Processing> processing_in(const std::string& name, const HttpAnswer& answer) {
    const bool is_interesting = name == "STATUS" || name == "FINALIZE";
    if (!is_interesting || !is_success(answer)) {
        return std::nullopt;
    }
    const auto media = parse_media(answer.body);
    return media ? media->processing : std::nullopt;
}

Failure network_failure(const NetworkError& error) {
    return {
        .kind = FailureKind::temporary,
        .code = "network",
        .message = "the server cannot be reached: " + error.text,
        .hint = "Check --server and whether `sluice serve` is running."
    };
}

}  // namespace

Failure interrupted_failure() {
    return {
        .kind = FailureKind::interrupted,
        .code = "interrupted",
        .message = "paused, run the same command to continue"
    };
}

Failure timeout_failure() {
    return {
        .kind = FailureKind::timeout,
        .code = "timeout",
        .message = "--timeout passed; what the server has begun goes on",
        .hint = "Run the same command again to continue."
    };
}

Caller::Caller(Surroundings& around, Observer& observer, std::optional<Milliseconds> time_limit)
    : around_(around), observer_(observer), start_(around.timer.now()), time_limit_(time_limit) {}

Outcome<HttpAnswer> Caller::call(const std::string& name, HttpRequest request) {
    return call(name, std::move(request), [] { return true; });
}

Outcome<HttpAnswer> Caller::call(
    const std::string& name, HttpRequest request, const std::function<bool()>& may_go_on
) {
    for (int tries = 1;; ++tries) {
        auto outcome = try_once(name, request);
        if (outcome) {
            return outcome;
        }
        if (around_.stop.load()) {
            return interrupted_failure();
        }
        const auto& failure = outcome.error();
        const bool may_retry = failure.status == 0 || is_temporary(failure.status);
        if (!may_retry || tries == tries_max || !may_go_on()) {
            return outcome;
        }
        const auto delay = delay_after(tries, failure);
        if (time_limit_ && elapsed() + delay >= *time_limit_) {
            return late(failure);
        }
        tell(Retrying{.name = name, .tries = tries, .delay = delay, .why = failure});
        around_.timer.wait(delay, around_.stop);
        if (around_.stop.load()) {
            return interrupted_failure();
        }
    }
}

// Where nothing has begun, nothing goes on: that stays what the last try says.
Failure Caller::late(Failure last) const {
    const std::string why = "the next try would come after --timeout";
    if (!is_begun()) {
        last.message += "; " + why;
        return last;
    }
    auto failure = timeout_failure();
    failure.message = why + "; what the server has begun goes on; the last try: " + last.message;
    failure.request_id = last.request_id;
    return failure;
}

// For each try anew: a signature has a nonce, which is good once.
HttpRequest Caller::with_credentials(const HttpRequest& request) const {
    auto signed_request = request;
    if (auto value = authorization_for(request, around_.credentials); !value.empty()) {
        signed_request.headers.emplace_back("Authorization", std::move(value));
    }
    return signed_request;
}

Outcome<HttpAnswer> Caller::try_once(const std::string& name, const HttpRequest& request) {
    const auto begin = around_.timer.now();
    auto answer = around_.transport.exchange(with_credentials(request), around_.stop);
    auto called = Called{
        .name = name, .status = 0, .duration = around_.timer.now() - begin, .processing = {}
    };
    if (answer) {
        called.status = answer->status;
        called.processing = processing_in(name, *answer);
    }
    tell(std::move(called));
    if (!answer) {
        return network_failure(answer.error());
    }
    if (!is_success(*answer)) {
        return failure_from(*answer);
    }
    return std::move(*answer);
}

Milliseconds Caller::delay_after(int tries, const Failure& failure) {
    const std::lock_guard lock(mutex_);
    return retry_delay(tries, failure.retry_after, around_.random());
}

void Caller::tell(EventKind what) {
    const std::lock_guard lock(mutex_);
    observer_.on({.at = elapsed(), .media_id = media_id_, .what = std::move(what)});
}

bool Caller::is_begun() const {
    const std::lock_guard lock(mutex_);
    return has_begun_;
}

std::string Caller::media_id() const {
    const std::lock_guard lock(mutex_);
    return media_id_;
}

void Caller::has_begun(std::string media_id) {
    const std::lock_guard lock(mutex_);
    has_begun_ = true;
    media_id_ = std::move(media_id);
}

}  // namespace sluice::client
