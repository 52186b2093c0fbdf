#include "http/farewell.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.hpp"
#include "http/refusal.hpp"
#include "http/response_head.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

// For the call to come: its path says in which words it is answered.
constexpr auto patience_for_call = 200ms;
constexpr auto patience_for_reader = 500ms;
constexpr std::uint64_t swallowed_max = 256 * 1024;
constexpr std::size_t seen_max = 4096;

// The whole answer; `received`: what has come of the head.
std::string farewell_to(
    LoopServices& services, ConnectionBudget::Lack lack, std::string_view received
) {
    const std::string request_id = make_request_id(services.clock);
    Response response =
        services.handler.refuse(services.budget->refusal(lack), request_id, received);
    std::string text;
    append_response_head(
        text,
        response,
        {.request_id = request_id,
         .date = services.date(services.clock.now()),
         .length = response.body.size(),
         .keeps_alive = false}
    );
    return asks_for_head_alone(received) ? text : text + response.body;
}

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What is unread when the descriptor is closed would reset the connection, and the answer with it.
void swallow(int connection) {
    std::array<std::byte, seen_max> seen;
    for (int i = 0; i < 16 && ::recv(connection, seen.data(), seen.size(), MSG_DONTWAIT) > 0; ++i) {
    }
}

// One of the waiting ones, as long as it lives.
class Farewell {
  public:
    explicit Farewell(LoopServices& services) : services_(services) { ++services_.farewells; }
    Farewell(const Farewell&) = delete;
    Farewell& operator=(const Farewell&) = delete;
    ~Farewell() { --services_.farewells; }

  private:
    LoopServices& services_;
};

}  // namespace

asio::awaitable<void> turn_away(Socket socket, std::shared_ptr<LoopServices> services) {
    const Farewell counted(*services);
    Wire wire(std::move(socket));
    std::array<std::byte, seen_max> seen;
    std::size_t length = 0;
    if (co_await wire.arrives_within(patience_for_call)) {
        length = wire.take(seen, false).value_or(0);
    }
    const std::string text = farewell_to(
        *services, ConnectionBudget::Lack::place, as_text(std::span(seen).first(length))
    );
    if (co_await wire.write(text, {}, patience_for_reader)) {
        wire.end_sending();
        static_cast<void>(co_await wire.swallow(swallowed_max, patience_for_reader));
    }
}

void turn_away_at_once(int connection, LoopServices& services, ConnectionBudget::Lack lack) {
    std::array<std::byte, seen_max> seen;
    const ssize_t got = ::recv(connection, seen.data(), seen.size(), MSG_DONTWAIT);
    const auto length = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    const std::string text = farewell_to(services, lack, as_text(std::span(seen).first(length)));
    // The buffer of a new connection takes it whole, or the client is gone.
    static_cast<void>(::send(connection, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    ::shutdown(connection, SHUT_WR);
    swallow(connection);
}

UniqueFd SpareFile::open() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void SpareFile::let_go() {
    if (is_connection_) {
        swallow(file_.get());
    }
    file_ = UniqueFd();
    is_connection_ = false;
}

bool SpareFile::turn_one_away(int acceptor, LoopServices& services) {
    let_go();
    file_ = UniqueFd(::accept4(acceptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    is_connection_ = static_cast<bool>(file_);
    if (is_connection_) {
        services.budget->note_cut();
        turn_away_at_once(file_.get(), services, ConnectionBudget::Lack::file);
    } else {
        file_ = open();
    }
    return is_connection_;
}

void SpareFile::renew() {
    if (is_connection_ || !file_) {
        let_go();
        file_ = open();
    }
}

}  // namespace sluice::http
