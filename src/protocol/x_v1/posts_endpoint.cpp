#include "protocol/x_v1/posts_endpoint.hpp"

#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/receive_form.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/x_v1/encode.hpp"

namespace sluice::protocol::x_v1 {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;
using http::Response;

constexpr std::string_view update_path = "/1.1/statuses/update.json";
constexpr std::string_view message_path = "/1.1/direct_messages/events/new.json";
constexpr std::string_view account_path = "/1.1/account/verify_credentials.json";

StandIn kind_of(std::string_view path) {
    if (path == account_path) {
        return StandIn::account;
    }
    return path == update_path ? StandIn::post : StandIn::message;
}

Result<std::vector<MediaId>> media_ids_of(const Parameters& parameters) {
    if (!parameters.has("media_ids") && parameters.has("media_id")) {
        return Error{
            .code = ErrorCode::media_ids_invalid,
            .facts = "media_id is \"" + printable(parameters.get("media_id"), 40) +
                     "\"; a post takes media_ids, ids separated by commas.",
        };
    }
    // As PHP and some JavaScript write lists; ignored, the post would go out without its media.
    const std::string as_list = parameters.first_with("media_ids[");
    if (!as_list.empty() && parameters.get("media_ids").empty()) {
        return Error{
            .code = ErrorCode::media_ids_invalid,
            .facts = "The ids came as \"" + printable(as_list, 40) +
                     "\"; a post takes one parameter media_ids, ids separated by commas.",
        };
    }
    return media_ids_in(parameters.get("media_ids"));
}

// Values along the path; nothing if one is not there.
const json::value* below(const json::value* value, std::string_view name) {
    const json::object* object = value == nullptr ? nullptr : value->if_object();
    return object == nullptr ? nullptr : object->if_contains(name);
}

std::string text_of(const json::value* value) {
    if (value == nullptr || value->is_null()) {
        return {};
    }
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

Result<std::vector<MediaId>> attached(const json::value* message_data) {
    const json::value* attachment = below(message_data, "attachment");
    if (attachment == nullptr || attachment->is_null()) {
        return std::vector<MediaId>();
    }
    const json::value* media = below(attachment, "media");
    const json::value* id = below(media, "id");
    if (id == nullptr) {
        return Error{
            .code = ErrorCode::media_ids_invalid,
            .facts = "attachment is " + described(*attachment) +
                     "; expected is {\"type\":\"media\",\"media\":{\"id\":\"1349…\"}}.",
        };
    }
    return media_ids_in(json::array{*id}, "attachment.media.id");
}

}  // namespace

bool PostsEndpoint::serves(std::string_view path) {
    return path == update_path || path == message_path || path == account_path;
}

awaitable<Response> PostsEndpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    const StandIn kind = kind_of(request.path);
    exchange.call = call_of(kind);
    if (!takes_method(kind, request.method)) {
        co_return not_allowed(request, context_.fidelity, method_of(kind));
    }
    auto done = co_await run(exchange, body, kind);
    Response response = done ? std::move(*done) : refused(done.error(), request, context_.fidelity);
    response.route = route_of("x1", kind);
    co_return response;
}

awaitable<Result<Response>> PostsEndpoint::run(
    Exchange& exchange, http::BodyReader& body, StandIn kind
) const {
    if (auto caller = authorize_stand_in(exchange, kind); !caller) {
        co_return std::move(caller).error();
    }
    if (kind == StandIn::account) {
        auto admitted = admit_account(context_, exchange);
        co_return admitted ? Result<Response>(account_answer(*exchange.caller))
                           : std::move(admitted).error();
    }
    co_return kind == StandIn::post ? co_await update(exchange, body)
                                    : co_await message(exchange, body);
}

Post PostsEndpoint::post_of(const Exchange& exchange, Used used, std::string text) const {
    return {
        used.id,
        std::move(text),
        *exchange.caller,
        std::move(used.media),
        context_.uploads.now(),
        context_.url_signer,
    };
}

awaitable<Result<Response>> PostsEndpoint::update(Exchange& exchange, http::BodyReader& body)
    const {
    // Media does not come with a post; what came in spite of that is dropped.
    auto opener = [this](const Parameters&, std::optional<ByteCount>) -> Result<OpenedMedia> {
        auto incoming = context_.uploads.begin_unnamed();
        return incoming ? Result<OpenedMedia>(OpenedMedia{std::move(*incoming)})
                        : std::move(incoming).error();
    };
    auto form = co_await receive_form(context_, exchange, body, {}, std::move(opener));
    if (!form) {
        co_return std::move(form).error();
    }
    auto ids = media_ids_of((*form)->parameters);
    if (!ids) {
        co_return std::move(ids).error();
    }
    const std::string text((*form)->parameters.get("status"));
    if (text.empty() && ids->empty()) {
        co_return parameter_missing(
            "status is missing, and so is media_ids. Received: " + (*form)->parameters.listed() +
            "."
        );
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::post);
    if (!used) {
        co_return std::move(used).error();
    }
    const Post post = post_of(exchange, *std::move(used), text);
    co_return post_answer(post, exchange.request);
}

awaitable<Result<Response>> PostsEndpoint::message(Exchange& exchange, http::BodyReader& body)
    const {
    auto received = co_await receive_json(exchange, body);
    if (!received) {
        co_return std::move(received).error();
    }
    const json::value whole(std::move(*received));
    const json::value* create = below(below(&whole, "event"), "message_create");
    const json::value* data = below(create, "message_data");
    const std::string recipient = text_of(below(below(create, "target"), "recipient_id"));
    if (data == nullptr || recipient.empty()) {
        co_return parameter_missing(
            "event.message_create.target.recipient_id and event.message_create.message_data are "
            "needed."
        );
    }
    auto ids = attached(data);
    if (!ids) {
        co_return std::move(ids).error();
    }
    const std::string text = text_of(below(data, "text"));
    if (text.empty() && ids->empty()) {
        co_return parameter_missing("message_data has neither text nor attachment.");
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::message);
    if (!used) {
        co_return std::move(used).error();
    }
    const Post post = post_of(exchange, *std::move(used), text);
    co_return message_answer(post, recipient, exchange.request);
}

}  // namespace sluice::protocol::x_v1
