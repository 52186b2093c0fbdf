// X's media API v1.1: POST and GET /1.1/media/upload.json (reference x-media-api, section 2). A
// protocol folder: it turns a request into a use case's command and the outcome into X's bytes, and
// knows no other protocol.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/command.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol::x_v1 {

class Endpoint {
  public:
    explicit Endpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path) { return path == "/1.1/media/upload.json"; }
    boost::asio::awaitable<http::ResponsePtr> handle(Exchange& exchange, http::BodyReader& body)
        const;
    // Of a STATUS that memory answers. Nothing: handle() is to be asked, with an exchange of its own.
    std::optional<http::Response> at_once(Exchange& exchange, MediaId id) const;

  private:
    std::optional<http::Response> refuse_early(Exchange& exchange) const;
    boost::asio::awaitable<http::ResponsePtr> serve(Exchange& exchange, http::BodyReader& body)
        const;
    boost::asio::awaitable<Result<ReceivedFormPtr>> receive(
        Exchange& exchange, http::BodyReader& body
    ) const;
    // Once all of the call is there: what its answer needs is not held by those whose body is still coming.
    boost::asio::awaitable<void> answer(
        Exchange& exchange, Result<ReceivedFormPtr>& form, http::Response& response
    ) const;
    http::Response unreadable(const Exchange& exchange, const Error& error) const;
    boost::asio::awaitable<http::Response> refuse_command(const Exchange& exchange, Error error)
        const;
    boost::asio::awaitable<http::Response> run(
        Exchange& exchange, Command command, ReceivedForm& form
    ) const;
    boost::asio::awaitable<http::Response> finalize(
        Exchange& exchange, const Parameters& parameters
    ) const;
    boost::asio::awaitable<http::Response> status(Exchange& exchange, MediaId id) const;
    // Nothing: it takes a look into the store.
    std::optional<http::Response> status_at_once(Exchange& exchange, const Result<MediaId>& id)
        const;
    http::Response told(const Exchange& exchange, const Result<UploadStatus>& status) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v1
