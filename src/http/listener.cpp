#include "http/listener.hpp"

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

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Out of descriptors or memory: trying again at once would only burn the processor.
constexpr auto pause_after_failure = std::chrono::milliseconds(50);
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

asio::awaitable<void> accept_connections(
    Acceptor acceptor,
    std::shared_ptr<LoopServices> services,
    std::shared_ptr<runtime::TaskGroup> connections,
    Scheme scheme
) {
    while (true) {
        boost::system::error_code error;
        Socket socket =
            co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            connections->spawn(
                acceptor.get_executor(), serve_connection(std::move(socket), services, scheme)
            );
            continue;
        }
        if (error == asio::error::operation_aborted) {
            co_return;
        }
        log::warning(
            "accept_failed", "a connection could not be accepted", {{"detail", error.message()}}
        );
        asio::steady_timer timer(acceptor.get_executor(), pause_after_failure);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace

Listener::Listener(
    runtime::EventLoops& loops,
    Handler& handler,
    Metrics& metrics,
    const Clock& clock,
    const ConnectionLimits& limits
)
    : loops_(loops), connections_(std::make_shared<runtime::TaskGroup>("http_connections")) {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        services_.push_back(std::make_shared<LoopServices>(handler, metrics, clock, limits));
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
        if (error) {
            return system_error(error.value(), "listen");
        }
        acceptors.push_back(std::move(*acceptor));
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        doors_.spawn(
            loops_.executor(i),
            accept_connections(std::move(acceptors[i]), services_[i], connections_, scheme)
        );
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
