// Resumable uploads for HTTP at /resumable/ (draft-ietf-httpbis-resumable-upload-12, and what clients of
// interop versions 3 to 8 need). A creation is POST or PUT to the collection; `media_category` may stand
// in its query, type and name come in Content-Type and Content-Disposition. An upload is the same object
// as by any other protocol: its media_id is the last part of its URL and comes in Sluice-Media-Id; the
// final answer says so, and STATUS tells how processing ends. Errors are problem+json.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/page_origins.hpp"
#include "protocol/rufh/feed.hpp"
#include "protocol/rufh/fields.hpp"

namespace sluice::protocol::rufh {

class Endpoint {
  public:
    // `pages` outlives it.
    Endpoint(const Context& context, const PageOrigins& pages) : context_(context), pages_(pages) {}

    // "*", which is asked with OPTIONS alone, is for all URLs: the limits are the same for each.
    static bool serves(std::string_view path) {
        return path == "*" || is_collection(path) || path.starts_with(collection);
    }
    boost::asio::awaitable<http::ResponsePtr> handle(Exchange& exchange, http::BodyReader& body)
        const;
    // For what is refused before it comes here.
    http::Response refuse(const Error& error, const http::Request& request) const;

  private:
    using Answer = boost::asio::awaitable<http::Response>;

    Answer answer(Exchange& exchange, const Fields& fields, http::BodyReader& body) const;
    Answer create(Exchange& exchange, const Fields& fields, Principal owner, http::BodyReader& body)
        const;
    // A POST that is no resumable upload: all of it, or nothing.
    Answer take_whole(
        Exchange& exchange, const Fields& fields, CreateStream wanted, http::BodyReader& body
    ) const;
    Answer look(Exchange& exchange, const Fields& fields, Principal owner, MediaId id) const;
    Answer append(
        Exchange& exchange,
        const Fields& fields,
        Principal owner,
        MediaId id,
        http::BodyReader& body
    ) const;
    // Bytes that were not taken: with the offset where some would be.
    Answer refused_bytes(
        const Error& error,
        const http::Request& request,
        const Fields& fields,
        Principal owner,
        MediaId id
    ) const;
    Answer remove(Exchange& exchange, const Fields& fields, Principal owner, MediaId id) const;
    http::Response capabilities() const;

    // Of an upload that got more bytes than it has room for: nobody knows which are right.
    boost::asio::awaitable<void> invalidate(Principal owner, MediaId id) const;

    // What a request that is not the last one is answered, and one that is.
    http::Response begun(const Fields& fields, const Upload& upload, int status) const;
    http::Response finished(
        const http::Request& request, const Fields& fields, const Fed& fed, int status
    ) const;
    std::string limits_of(const Upload* upload) const;

    const Context& context_;
    const PageOrigins& pages_;
};

}  // namespace sluice::protocol::rufh
