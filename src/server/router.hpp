// Which protocol a request belongs to, by its path alone: every host name is served. The one
// Handler of all connections; shared by all loops, immutable but for what its parts guard
// themselves.
#pragma once

#include <memory>

#include "base/address_range.hpp"
#include "http/handler.hpp"
#include "protocol/common/authenticator.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/page_origins.hpp"
#include "protocol/delivery/endpoint.hpp"
#include "protocol/native/dev_endpoint.hpp"
#include "protocol/native/endpoint.hpp"
#include "protocol/native/events_endpoint.hpp"
#include "protocol/native/faults_endpoint.hpp"
#include "protocol/native/history_endpoint.hpp"
#include "protocol/native/keys_endpoint.hpp"
#include "protocol/native/requests_endpoint.hpp"
#include "protocol/native/session_endpoint.hpp"
#include "protocol/rufh/endpoint.hpp"
#include "protocol/tus/endpoint.hpp"
#include "protocol/x_v1/annotations_endpoint.hpp"
#include "protocol/x_v1/endpoint.hpp"
#include "protocol/x_v1/posts_endpoint.hpp"
#include "protocol/x_v2/annotations_endpoint.hpp"
#include "protocol/x_v2/endpoint.hpp"
#include "protocol/x_v2/lookup_endpoint.hpp"
#include "protocol/x_v2/posts_endpoint.hpp"
#include "server/operations.hpp"
#include "server/system_endpoint.hpp"

namespace sluice::server {

class Router final : public http::Handler {
  public:
    Router(
        const protocol::Context& context,
        protocol::Authenticator& authenticator,
        Keys& keys,
        Operations& operations,
        const SystemEndpoint& system,
        protocol::ConsoleSessions* sessions,
        std::vector<std::string> names = {},
        std::vector<AddressRange> proxies = {},
        bool serves_api = true
    );

    boost::asio::awaitable<http::ResponsePtr> handle(
        const http::Request& request, http::BodyReader& body
    ) override;
    http::ResponsePtr at_once(const http::Request& request) override;
    bool inspects(const http::Request& request) const override;
    bool trusts(std::string_view peer) const override;
    http::Response refuse(
        const Error& error, const std::string& request_id, std::string_view received
    ) override;

  private:
    struct Beginning {
        WallTime asked_at;
        bool is_recorded = false;
    };

    // What nearly every answer goes through, in two steps: the weather may come between them.
    void settle(protocol::Exchange& exchange, http::Response& response) const;
    void note(
        protocol::Exchange& exchange,
        http::Response& response,
        const Beginning& beginning,
        std::uint64_t body_bytes
    ) const;
    // Of which upload; nothing: it may not be.
    std::optional<MediaId> may_be_at_once(const http::Request& request) const;
    boost::asio::awaitable<http::ResponsePtr> dispatch(
        protocol::Exchange& exchange, http::BodyReader& body
    );
    // Of what any node answers.
    boost::asio::awaitable<http::ResponsePtr> operate(const protocol::Exchange& exchange);
    WallTime asked_at(const http::Request& request) const;
    Result<void> enter_class(protocol::Exchange& exchange) const;
    http::Response shed(const Error& error, const http::Request& request) const;
    // To a page of another site: that it may not, or what it may read.
    std::optional<http::Response> answer_page(const http::Request& request) const;
    // Of what is ours alone, and needs no body.
    std::optional<http::Response> page(protocol::Exchange& exchange) const;
    bool is_recorded(const http::Request& request) const;
    void tell_watchers(
        const protocol::Exchange& exchange, const http::Response& response, WallTime now
    ) const;
    http::Response unknown_path(const http::Request& request) const;
    http::Response refuse_in_words_of_path(const Error& error, const http::Request& request) const;

    const protocol::Context& context_;
    protocol::Authenticator& authenticator_;
    Operations& operations_;
    const SystemEndpoint& system_;
    const bool serves_api_;  // else what operators ask alone
    const std::vector<AddressRange> proxies_;
    const protocol::PageOrigins pages_;  // that may upload
    protocol::x_v1::Endpoint x_v1_;
    protocol::x_v2::Endpoint x_v2_;
    protocol::x_v1::AnnotationsEndpoint x_v1_annotations_;
    protocol::x_v1::PostsEndpoint x_v1_posts_;
    protocol::x_v2::AnnotationsEndpoint x_v2_annotations_;
    protocol::x_v2::LookupEndpoint x_v2_lookup_;
    protocol::x_v2::PostsEndpoint x_v2_posts_;
    protocol::native::Endpoint native_;
    protocol::native::KeysEndpoint keys_;
    protocol::native::HistoryEndpoint history_;
    protocol::native::DevEndpoint dev_;
    protocol::native::EventsEndpoint events_;
    protocol::native::SessionEndpoint session_;
    protocol::native::RequestsEndpoint requests_;
    protocol::native::FaultsEndpoint faults_;
    protocol::delivery::Endpoint delivery_;
    protocol::tus::Endpoint tus_;
    protocol::rufh::Endpoint rufh_;
};

}  // namespace sluice::server
