#include "dev_tls/doors.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/log.hpp"

namespace sluice::dev_tls {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// A development machine's clients; beyond it, who connects waits in the kernel's queue.
constexpr std::size_t tunnels_max = 256;
constexpr std::chrono::milliseconds pause{50};
constexpr std::chrono::seconds cancel_patience{10};

Result<tcp::endpoint> loopback_endpoint(const std::string& host, std::uint16_t port) {
    error_code error;
    const auto address = host == "localhost" ? asio::ip::make_address("127.0.0.1", error)
                                             : asio::ip::make_address(host, error);
    if (error || !address.is_loopback()) {
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "Development TLS listens on loopback addresses alone; got " + host + ".",
        };
    }
    return tcp::endpoint(address, port);
}

Result<Acceptor> listen(asio::io_context& context, const tcp::endpoint& endpoint) {
    Acceptor acceptor(context);
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        auto failure = system_error(error.value(), "listen");
        failure.facts = "Cannot listen on " + endpoint.address().to_string() + " port " +
                        std::to_string(endpoint.port()) + ": " + error.message() + ".";
        return failure;
    }
    return acceptor;
}

struct Door {
    DoorKind kind;
    runtime::EventLoops* loops;
    std::shared_ptr<TunnelTerms> terms;
    std::shared_ptr<runtime::TaskGroup> tunnels;
};

asio::awaitable<void> serve(Socket socket, const Door& door) {
    return door.kind == DoorKind::tls ? serve_tls(std::move(socket), door.terms)
                                      : serve_proxy(std::move(socket), door.terms);
}

asio::awaitable<void> accept_forever(Acceptor acceptor, Door door) {
    asio::steady_timer timer(acceptor.get_executor());
    for (std::size_t turn = 0;; ++turn) {
        const auto at = turn % door.loops->size();
        Socket socket(door.loops->loop(at));
        error_code error;
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted) {
            co_return;
        }
        if (!error) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            door.tunnels->spawn(door.loops->executor(at), serve(std::move(socket), door));
        }
        while (error || door.tunnels->size() >= tunnels_max) {
            error.clear();
            timer.expires_after(pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }
}

}  // namespace

Doors::Doors(runtime::EventLoops& loops)
    : loops_(loops), tunnels_(std::make_shared<runtime::TaskGroup>("dev_tls_tunnels")) {}

Doors::~Doors() = default;

Result<std::uint16_t> Doors::open(
    DoorKind kind, const std::string& host, std::uint16_t port, std::shared_ptr<TunnelTerms> terms
) {
    const auto endpoint = loopback_endpoint(host, port);
    if (!endpoint) {
        return endpoint.error();
    }
    auto acceptor = listen(loops_.loop(0), *endpoint);
    if (!acceptor) {
        return std::move(acceptor).error();
    }
    const auto taken = acceptor->local_endpoint().port();
    Door door{.kind = kind, .loops = &loops_, .terms = std::move(terms), .tunnels = tunnels_};
    doors_.spawn(loops_.executor(0), accept_forever(std::move(*acceptor), std::move(door)));
    return taken;
}

void Doors::drain() {
    doors_.cancel();
}

void Doors::drained(std::chrono::milliseconds grace) {
    static_cast<void>(doors_.drained(cancel_patience));
    if (!tunnels_->drained(grace)) {
        tunnels_->cancel();
        static_cast<void>(tunnels_->drained(cancel_patience));
    }
}

}  // namespace sluice::dev_tls
