// tus 1.0.0 at /files/: core, creation, creation-with-upload, creation-defer-length, expiration,
// checksum, checksum-trailer, termination, concatenation and concatenation-unfinished. An upload is the same object as
// by any other protocol: its media_id is the last part of its URL and comes in Sluice-Media-Id; once
// complete it is processed, and STATUS tells how it ends. Errors are text, or problem+json where
// Accept asks for JSON.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/page_origins.hpp"

namespace sluice::protocol::tus {

class Endpoint {
  public:
    // `pages` outlives it.
    Endpoint(const Context& context, const PageOrigins& pages) : context_(context), pages_(pages) {}

    static bool serves(std::string_view path) {
        return path == "/files" || path.starts_with("/files/");
    }
    boost::asio::awaitable<http::ResponsePtr> handle(Exchange& exchange, http::BodyReader& body)
        const;
    // For what is refused before it comes here.
    http::Response refuse(const Error& error, const http::Request& request) const;

  private:
    // What every answer has, and what pages of other sites may read.
    void finish(const http::Request& request, http::Response& response) const;
    boost::asio::awaitable<http::Response> answer(Exchange& exchange, http::BodyReader& body) const;
    boost::asio::awaitable<http::Response> create(
        Exchange& exchange, Principal owner, http::BodyReader& body
    ) const;
    boost::asio::awaitable<Result<Upload>> feed(
        Exchange& exchange, AppendToStream wanted, http::BodyReader& body
    ) const;
    boost::asio::awaitable<http::Response> refused_bytes(
        const Error& error, const http::Request& request, Principal owner, MediaId id
    ) const;
    boost::asio::awaitable<http::Response> look(
        const http::Request& request, Principal owner, MediaId id
    ) const;
    boost::asio::awaitable<http::Response> append(
        Exchange& exchange, Principal owner, MediaId id, http::BodyReader& body
    ) const;
    boost::asio::awaitable<http::Response> remove(Exchange& exchange, Principal owner, MediaId id)
        const;
    http::Response capabilities() const;

    const Context& context_;
    const PageOrigins& pages_;
};

}  // namespace sluice::protocol::tus
