#include "protocol/native/events_endpoint.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <utility>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/standing_caller.hpp"

namespace sluice::protocol::native {
namespace {

using boost::asio::awaitable;
using http::Response;

// A look costs one atomic load.
constexpr std::chrono::milliseconds look_pause{150};
constexpr std::chrono::seconds heartbeat{15};
// How long a line may outlive the key or session that it was opened with.
constexpr std::chrono::seconds check_pause{5};
constexpr std::size_t events_at_once = 50;

void append_event(std::string& out, const LiveEvent& event) {
    JsonWriter json;
    json.begin_object().key("media_id");
    event.media_id ? json.value(event.media_id->text()) : json.null();
    json.member("call", event.call);
    if (event.kind == LiveKind::request) {
        json.member("method", event.method);
    }
    json.member("status", event.status).key("code");
    event.code.empty() ? json.null() : json.value(event.code);
    json.member("request_id", event.request_id).member("at", rfc3339(event.at)).end_object();
    out += "id: " + std::to_string(event.number) +
           (event.kind == LiveKind::upload ? "\nevent: upload" : "\nevent: request") +
           "\ndata: " + json.take() + "\n\n";
}

// Browsers send the header when they come again by themselves, and no script can.
std::optional<std::uint64_t> last_seen(const http::Request& request) {
    Parameters parameters;
    const bool is_read = parameters.add_query(request.raw_query).has_value();
    const auto asked = is_read ? parameters.find("after") : std::nullopt;
    return parse_unsigned(request.header("Last-Event-ID").value_or(asked.value_or("")));
}

class EventSource final : public http::BodySource {
  public:
    EventSource(
        const LiveEvents& live,
        std::optional<Principal> owner,
        std::optional<StandingCaller> caller,
        std::uint64_t last,
        std::shared_ptr<std::atomic<int>> watchers
    )
        : live_(live),
          owner_(std::move(owner)),
          caller_(std::move(caller)),
          last_(last),
          watchers_(std::move(watchers)) {}
    ~EventSource() override { watchers_->fetch_sub(1); }
    EventSource(const EventSource&) = delete;
    EventSource& operator=(const EventSource&) = delete;

    bool is_endless() const override { return true; }
    std::uint64_t length() const override { return 0; }

    awaitable<Result<std::size_t>> read(std::span<std::byte> bytes) override {
        while (waiting_.empty() && !live_.is_ended() && co_await is_let_in()) {
            co_await look();
        }
        const std::size_t count = std::min(bytes.size(), waiting_.size());
        std::memcpy(bytes.data(), waiting_.data(), count);
        waiting_.erase(0, count);
        co_return count;
    }

  private:
    awaitable<bool> is_let_in() {
        const auto now = std::chrono::steady_clock::now();
        if (!caller_ || now - checked_ <= check_pause) {
            co_return true;
        }
        checked_ = now;
        co_return co_await caller_->is_let_in();
    }

    awaitable<void> look() {
        const auto now = std::chrono::steady_clock::now();
        if (live_.last() != last_) {
            collect();
        } else if (now - sent_ > heartbeat) {
            waiting_ = "event: beat\ndata: {}\n\n";
        } else {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, look_pause);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        sent_ = waiting_.empty() ? sent_ : now;
    }

    void collect() {
        const auto read = live_.after(last_, owner_, events_at_once);
        if (read.has_missed) {
            // Numbers rise along the line: those that follow are newer than what was missed.
            const auto number = read.events.empty() ? read.last : read.events.front().number - 1;
            waiting_ = "id: " + std::to_string(number) + "\nevent: missed\ndata: {}\n\n";
        }
        for (const LiveEvent& event : read.events) {
            append_event(waiting_, event);
        }
        last_ = read.last;
    }

    const LiveEvents& live_;
    const std::optional<Principal> owner_;  // none: everybody's are told
    std::optional<StandingCaller> caller_;  // none: everybody is let in
    std::uint64_t last_;
    const std::shared_ptr<std::atomic<int>> watchers_;
    // At once: the client learns that the line stands, and how long to wait when it breaks.
    std::string waiting_ = "retry: 2000\n\n";
    std::chrono::steady_clock::time_point sent_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point checked_ = sent_;
};

}  // namespace

Response EventsEndpoint::handle(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    const auto owner = identify_user(exchange);
    Response response;
    if (!owner) {
        response = problem_response(owner.error(), std::nullopt, request);
    } else if (request.method != "GET") {
        response = problem_response({.code = ErrorCode::method_not_allowed}, std::nullopt, request);
        response.set("Allow", "GET");
    } else if (watchers_->fetch_add(1) >= watchers_max) {
        watchers_->fetch_sub(1);
        const Error error{
            .code = ErrorCode::overloaded,
            .facts = std::to_string(watchers_max) + " watchers listen already.",
            .retry_after = std::chrono::seconds(10),
        };
        response = problem_response(error, std::nullopt, request);
    } else {
        const auto seen = last_seen(request);
        const bool is_open_mode = context_.url_signer == nullptr;
        const bool hears_all = is_open_mode || has_scope(exchange.caller->scopes, Scope::admin);
        std::optional<StandingCaller> standing;
        if (!is_open_mode) {
            standing.emplace(keys_, context_.reads, exchange);
        }
        response.source = std::make_unique<EventSource>(
            *context_.live,
            hears_all ? std::nullopt : std::optional(*owner),
            std::move(standing),
            seen.value_or(context_.live->last()),
            watchers_
        );
        response.set("Content-Type", "text/event-stream");
        response.set("Cache-Control", "no-store");
        response.set("X-Accel-Buffering", "no");
        exchange.slot = WorkSlot();  // it may stay for hours
    }
    response.route = "native.events";
    return response;
}

}  // namespace sluice::protocol::native
