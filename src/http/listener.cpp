#include "http/listener.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "base/log.hpp"
#include "http/connection.hpp"
#include "http/farewell.hpp"

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Out of descriptors or memory: trying again at once would only burn the processor.
constexpr auto pause_after_failure = std::chrono::milliseconds(50);
constexpr auto log_pause = std::chrono::seconds(1);
constexpr int let_in_at_once = 16;
// For what has been cancelled to leave its waits.
constexpr auto cancel_patience = std::chrono::seconds(10);

Result<tcp::endpoint> resolve(std::string host, std::uint16_t port) {
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (!error) {
        return tcp::endpoint(address, port);
    }
    asio::io_context context;
    const auto found = tcp::resolver(context).resolve(tcp::v4(), host, "", error);
    if (error || found.empty()) {
        return Error{
            ErrorCode::internal, "The address " + host + " is not known.", error.message()
        };
    }
    return tcp::endpoint(found.begin()->endpoint().address(), port);
}

// An acceptor that is bound but does not listen.
Result<Acceptor> bind(asio::io_context& context, const tcp::endpoint& endpoint, bool shares_port) {
    Acceptor acceptor(context);
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error && shares_port) {
        acceptor.set_option(ReusePort(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (error) {
        auto failure = system_error(error.value(), "listen");
        failure.facts = "Cannot listen on " + endpoint.address().to_string() + " port " +
                        std::to_string(endpoint.port()) + ": " + error.message() + ".";
        return failure;
    }
    return acceptor;
}

bool is_out_of_files(const boost::system::error_code& error) {
    return error == boost::system::errc::too_many_files_open ||
           error == boost::system::errc::too_many_files_open_in_system;
}

// Who came gets a place if an idle connection can go for it. False: there is none.
bool make_room(LoopServices& services, ConnectionBudget::Place& place) {
    if (place.kind() == ConnectionBudget::Kind::usual) {
        return true;
    }
    if (services.close_longest_idle()) {
        place.make_usual();
        return true;
    }
    services.budget->relieve();
    return place.kind() != ConnectionBudget::Kind::none;
}

// Nobody waits for more than a few.
void farewell(
    Socket socket, const std::shared_ptr<LoopServices>& services, runtime::TaskGroup& connections
) {
    if (services->farewells < farewells_max) {
        const auto executor = socket.loop.get_executor();
        connections.spawn(executor, turn_away(std::move(socket), services));
    } else {
        turn_away_at_once(socket.file.get(), *services, ConnectionBudget::Lack::place);
    }
}

void log_failure(
    const boost::system::error_code& error, std::chrono::steady_clock::time_point& last
) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last >= log_pause) {
        last = now;
        log::warning(
            "accept_failed", "a connection could not be accepted", {{"detail", error.message()}}
        );
    }
}

// Its loop's.
struct Door {
    asio::io_context& loop;
    Acceptor acceptor;
    std::shared_ptr<LoopServices> services;
    std::shared_ptr<runtime::TaskGroup> connections;
    Scheme scheme;
};

void let_in(const Door& door, UniqueFd file) {
    Socket socket{door.loop, std::move(file)};
    auto place = door.services->budget->enter();
    if (make_room(*door.services, place)) {
        door.connections->spawn(
            door.loop.get_executor(),
            Connection::run(std::make_unique<Connection::Arrival>(
                std::move(socket), door.services, std::move(place), door.scheme
            ))
        );
    } else {
        door.services->budget->note_cut();
        farewell(std::move(socket), door.services, *door.connections);
    }
}

// Of those that wait, so many; then others of the loop have their turn.
boost::system::error_code let_some_in(Door& door, SpareFile& spare, int count_max) {
    for (int i = 0; i < count_max; ++i) {
        UniqueFd file(
            ::accept4(door.acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)
        );
        if (file) {
            let_in(door, std::move(file));
            spare.renew();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return {errno, boost::system::system_category()};
        }
    }
    return {};
}

// Their clients are connected, and may have sent a request: they would be reset with the door. Where no file is left for
// them they are told so.
void let_all_in(Door& door, SpareFile& spare) {
    constexpr int most = asio::socket_base::max_listen_connections;
    bool has_come = true;
    for (int i = 0; i < most && has_come && is_out_of_files(let_some_in(door, spare, most)); ++i) {
        has_come = spare.turn_one_away(door.acceptor.native_handle(), *door.services);
    }
}

asio::awaitable<void> accept_connections(Door door) {
    SpareFile spare;
    std::chrono::steady_clock::time_point logged{};
    while (true) {
        boost::system::error_code error;
        co_await door.acceptor.async_wait(
            Acceptor::wait_read, asio::redirect_error(asio::use_awaitable, error)
        );
        if (!error) {
            error = let_some_in(door, spare, let_in_at_once);
        }
        if (!error) {
            continue;
        }
        if (error == asio::error::operation_aborted) {
            let_all_in(door, spare);
            co_return;
        }
        log_failure(error, logged);
        if (is_out_of_files(error) && !door.services->close_longest_idle()) {
            door.services->budget->relieve();
            spare.turn_one_away(door.acceptor.native_handle(), *door.services);
        }
        asio::steady_timer timer(door.loop, pause_after_failure);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            let_all_in(door, spare);
            co_return;
        }
    }
}

// On its own loop; nothing if it is gone meanwhile.
void close_longest_idle(const asio::any_io_executor& loop, const std::weak_ptr<LoopServices>& of) {
    asio::post(loop, [of] {
        if (const auto services = of.lock()) {
            services->close_longest_idle();
        }
    });
}

}  // namespace

Listener::Listener(
    runtime::EventLoops& loops,
    Handler& handler,
    Metrics& metrics,
    const Clock& clock,
    const ConnectionLimits& limits
)
    : loops_(loops),
      budget_(std::make_shared<ConnectionBudget>(limits.connections_max, metrics)),
      connections_(std::make_shared<runtime::TaskGroup>("http_connections")) {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        auto services = std::make_shared<LoopServices>(handler, metrics, clock, limits, budget_);
        budget_->add_relief([executor = loops_.executor(i), weak = std::weak_ptr(services)] {
            close_longest_idle(executor, weak);
        });
        services_.push_back(std::move(services));
    }
}

Listener::~Listener() = default;

Result<std::uint16_t> Listener::listen(const std::string& host, std::uint16_t port, Scheme scheme) {
    auto endpoint = resolve(host, port);
    if (!endpoint) {
        return std::move(endpoint).error();
    }
    // With SO_REUSEPORT a second server would get the same port without a word, so one bind without
    // it asks first.
    auto probe = bind(loops_.loop(0), *endpoint, false);
    if (!probe) {
        return std::move(probe).error();
    }
    endpoint->port(probe->local_endpoint().port());
    boost::system::error_code ignored;
    probe->close(ignored);
    std::vector<Acceptor> acceptors;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        auto acceptor = bind(loops_.loop(i), *endpoint, true);
        if (!acceptor) {
            return std::move(acceptor).error();
        }
        boost::system::error_code error;
        acceptor->listen(asio::socket_base::max_listen_connections, error);
        if (!error) {
            acceptor->non_blocking(true, error);
        }
        if (error) {
            return system_error(error.value(), "listen");
        }
        acceptors.push_back(std::move(*acceptor));
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        Door door{loops_.loop(i), std::move(acceptors[i]), services_[i], connections_, scheme};
        doors_.spawn(loops_.executor(i), accept_connections(std::move(door)));
    }
    return endpoint->port();
}

void Listener::drain() {
    doors_.cancel();
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        asio::post(loops_.executor(i), [services = services_[i]] { services->drain(); });
    }
}

bool Listener::drained(std::chrono::milliseconds grace) {
    doors_.drained(cancel_patience);
    if (connections_->drained(grace)) {
        return true;
    }
    connections_->cancel();
    connections_->drained(cancel_patience);
    return false;
}

}  // namespace sluice::http
