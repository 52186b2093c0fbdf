#include "dev_tls/tunnel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/impl/src.hpp>  // Asio is compiled apart; this is the one file with its TLS
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "dev_tls/proxy_request.hpp"
#include "runtime/deadline.hpp"

namespace sluice::dev_tls {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

class TunnelTerms {
  public:
    explicit TunnelTerms(Backends to) : backends(to) {}
    ssl::context context{ssl::context::tls_server};
    const Backends backends;
};

namespace {

using TlsStream = ssl::stream<Socket>;

constexpr std::chrono::seconds head_patience{10};
constexpr std::chrono::seconds handshake_patience{10};
// The server's own waits are shorter and end a tunnel in order; this one is for a client that takes
// no bytes.
constexpr std::chrono::seconds silence_max{90};
// The server has ended its side. A client that still sends gets this long after each byte, so that
// it reads the answer instead of a reset.
constexpr std::chrono::milliseconds ending_silence_max{250};
constexpr std::chrono::seconds farewell_patience{1};
constexpr std::size_t head_bytes_max = 16 * 1024;
constexpr std::size_t piece_bytes = 32 * 1024;
constexpr std::string_view head_end = "\r\n\r\n";

auto into(error_code& error) {
    return asio::redirect_error(asio::use_awaitable, error);
}

// HTTP/1.1 is all that is spoken here; a client that offers only other protocols is told so.
// NOLINTNEXTLINE(readability-function-size): the six parameters are OpenSSL's
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned size, void*) {
    static constexpr unsigned char spoken[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int outcome = SSL_select_next_proto(&chosen, length, spoken, sizeof spoken - 1, in, size);
    *out = chosen;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Ends what a tunnel waits for; the sockets are closed with it.
template <class Client>
class Tunnel {
  public:
    Tunnel(Client& client, Socket& backend)
        : client_(client),
          backend_(backend),
          deadline_(backend.get_executor(), [this] { cancel(); }) {}

    // Until both directions have ended, or nothing moves any more.
    awaitable<void> run() {
        using namespace asio::experimental::awaitable_operators;
        deadline_.set(silence_max);
        co_await (upward() && downward());
        deadline_.clear();
    }

  private:
    void cancel() {
        error_code ignored;
        client_.lowest_layer().cancel(ignored);
        backend_.cancel(ignored);
    }

    void moved() {
        deadline_.set(is_ending_ ? ending_silence_max : std::chrono::milliseconds(silence_max));
    }

    // Client to server.
    awaitable<void> upward() {
        co_await pump(client_, backend_);
        error_code ignored;
        backend_.shutdown(Socket::shutdown_send, ignored);
    }

    // Server to client. At the server's end, what the client still sends is taken for a while.
    awaitable<void> downward() {
        co_await pump(backend_, client_);
        is_ending_ = true;
        moved();
    }

    template <class From, class To>
    awaitable<void> pump(From& from, To& to) {
        std::vector<std::byte> piece(piece_bytes);
        error_code error;
        while (!error) {
            const auto room = asio::buffer(piece);
            const auto count = co_await from.async_read_some(room, into(error));
            if (!error) {
                moved();
                const auto bytes = asio::buffer(piece.data(), count);
                co_await asio::async_write(to, bytes, into(error));
            }
        }
    }

    Client& client_;
    Socket& backend_;
    runtime::Deadline deadline_;
    bool is_ending_ = false;
};

awaitable<bool> connect(Socket& backend, std::uint16_t port) {
    error_code error;
    const tcp::endpoint to(asio::ip::address_v4::loopback(), port);
    co_await backend.async_connect(to, into(error));
    if (error) {
        log::warning(
            "tunnel_failed", "the server does not answer itself", {{"detail", error.message()}}
        );
        co_return false;
    }
    backend.set_option(tcp::no_delay(true), error);
    co_return true;
}

template <class Client>
awaitable<void> relay(Client& client, std::uint16_t port, std::string first) {
    Socket backend(client.lowest_layer().get_executor());
    if (!co_await connect(backend, port)) {
        co_return;
    }
    error_code error;
    const auto bytes = asio::buffer(first);
    co_await asio::async_write(backend, bytes, into(error));
    if (!error) {
        Tunnel<Client> tunnel(client, backend);
        co_await tunnel.run();
    }
}

void tell_failed_handshake(const error_code& error) {
    const std::string_view what = error.message().contains("alert")
                                      ? "a client refused the development certificate: point it at "
                                        "the CA, as `sluice env` does"
                                      : "a TLS connection did not begin";
    log::warning("tls_handshake_failed", what, {{"detail", error.message()}});
}

// Says goodbye in TLS's way, so that the end cannot be mistaken for a cut.
awaitable<void> farewell(TlsStream& stream) {
    runtime::Deadline deadline(stream.get_executor(), [&stream] {
        error_code ignored;
        stream.lowest_layer().cancel(ignored);
    });
    deadline.set(farewell_patience);
    error_code ignored;
    co_await stream.async_shutdown(into(ignored));
}

// `early`: what came behind the CONNECT already.
awaitable<bool> shake_hands(TlsStream& stream, const std::string& early) {
    runtime::Deadline deadline(stream.get_executor(), [&stream] {
        error_code ignored;
        stream.lowest_layer().cancel(ignored);
    });
    deadline.set(handshake_patience);
    error_code error;
    const auto bytes = asio::buffer(early);
    co_await stream.async_handshake(ssl::stream_base::server, bytes, into(error));
    // A client that looked whether somebody is here, and left.
    const bool has_left = error == asio::error::eof || error == asio::error::connection_reset ||
                          error == asio::error::operation_aborted;
    if (error && !has_left) {
        tell_failed_handshake(error);
    }
    co_return !error;
}

awaitable<void> take_off_tls(Socket socket, std::shared_ptr<TunnelTerms> terms, std::string early) {
    TlsStream stream(std::move(socket), terms->context);
    if (!co_await shake_hands(stream, early)) {
        co_return;
    }
    co_await relay(stream, terms->backends.https, {});
    co_await farewell(stream);
}

// Up to and with the end of the head, and whatever came behind it; empty if none came.
awaitable<std::string> read_head(Socket& socket) {
    runtime::Deadline deadline(socket.get_executor(), [&socket] {
        error_code ignored;
        socket.cancel(ignored);
    });
    deadline.set(head_patience);
    std::string head;
    error_code error;
    while (!error && head.size() < head_bytes_max && !head.contains(head_end)) {
        const auto had = head.size();
        head.resize(had + 1024);
        const auto room = asio::buffer(head.data() + had, head.size() - had);
        const auto count = co_await socket.async_read_some(room, into(error));
        head.resize(had + count);
    }
    co_return error ? std::string() : head;
}

awaitable<bool> write_all(Socket& socket, std::string text) {
    runtime::Deadline deadline(socket.get_executor(), [&socket] {
        error_code ignored;
        socket.cancel(ignored);
    });
    deadline.set(head_patience);
    error_code error;
    const auto bytes = asio::buffer(text);
    co_await asio::async_write(socket, bytes, into(error));
    co_return !error;
}

}  // namespace

Result<std::shared_ptr<TunnelTerms>> make_tunnel_terms(
    const ServerIdentity& identity, Backends backends
) {
    auto terms = std::make_shared<TunnelTerms>(backends);
    error_code error;
    terms->context.use_certificate_chain(asio::buffer(identity.chain), error);
    if (!error) {
        terms->context.use_private_key(asio::buffer(identity.key), ssl::context::pem, error);
    }
    auto* context = terms->context.native_handle();
    if (error || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        return Error{.code = ErrorCode::internal, .detail = "TLS context: " + error.message()};
    }
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return terms;
}

awaitable<void> serve_tls(Socket socket, std::shared_ptr<TunnelTerms> terms) {
    co_await take_off_tls(std::move(socket), std::move(terms), {});
}

awaitable<void> serve_proxy(Socket socket, std::shared_ptr<TunnelTerms> terms) {
    auto head = co_await read_head(socket);
    const auto decision = decide_proxy_request(std::string_view(head).substr(0, head.find("\r\n")));
    if (head.empty()) {
        co_return;
    }
    if (decision.action == ProxyAction::refuse) {
        static_cast<void>(co_await write_all(socket, refusal_bytes(decision)));
    } else if (decision.action == ProxyAction::plain) {
        co_await relay(socket, terms->backends.http, std::move(head));
    } else if (co_await write_all(socket, "HTTP/1.1 200 Connection established\r\n\r\n")) {
        auto early = head.substr(head.find(head_end) + head_end.size());
        co_await take_off_tls(std::move(socket), std::move(terms), std::move(early));
    }
}

}  // namespace sluice::dev_tls
