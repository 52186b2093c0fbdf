#include "protocol/x_v1/posts_endpoint.hpp"

#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/receive_form.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/x_v1/encode.hpp"
#include "protocol/x_v1/encode_post.hpp"

namespace sluice::protocol::x_v1 {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;
using http::Response;

constexpr std::string_view update_path = "/1.1/statuses/update.json";
constexpr std::string_view message_path = "/1.1/direct_messages/events/new.json";
constexpr std::string_view account_path = "/1.1/account/verify_credentials.json";

Scope scope_of(std::string_view path) {
    if (path == account_path) {
        return Scope::users_read;
    }
    return path == update_path ? Scope::tweet_write : Scope::dm_write;
}

std::string_view route_of(std::string_view path) {
    if (path == update_path) {
        return "x1.post";
    }
    return path == message_path ? "x1.message" : "x1.account";
}

Error missing(std::string facts) {
    return {.code = ErrorCode::parameter_missing, .facts = std::move(facts)};
}

Result<std::vector<MediaId>> media_ids_of(const Parameters& parameters) {
    if (!parameters.has("media_ids") && parameters.has("media_id")) {
        return Error{
            .code = ErrorCode::media_ids_invalid,
            .facts = "media_id is \"" + printable(parameters.get("media_id"), 40) +
                     "\"; a post takes media_ids, ids separated by commas.",
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
    const bool is_account = request.path == account_path;
    exchange.call = is_account ? "ACCOUNT" : (request.path == update_path ? "POST" : "MESSAGE");
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (is_account ? !is_get : request.method != "POST") {
        co_return not_allowed(request, context_.fidelity, is_account ? "GET" : "POST");
    }
    Response response;
    auto caller = authorize(exchange, scope_of(request.path));
    if (!caller) {
        response = refused(caller.error(), request, context_.fidelity);
    } else if (is_account) {
        response = account_answer(*exchange.caller);
    } else {
        auto done = request.path == update_path ? co_await update(exchange, body)
                                                : co_await message(exchange, body);
        response = done ? std::move(*done) : refused(done.error(), request, context_.fidelity);
    }
    response.route = route_of(request.path);
    co_return response;
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
    auto ids = media_ids_of(form->parameters);
    if (!ids) {
        co_return std::move(ids).error();
    }
    const std::string text(form->parameters.get("status"));
    if (text.empty() && ids->empty()) {
        co_return missing(
            "status is missing, and so is media_ids. Received: " + form->parameters.listed() + "."
        );
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::post);
    if (!used) {
        co_return std::move(used).error();
    }
    const Post post{
        used->id,
        text,
        *exchange.caller,
        std::move(used->media),
        context_.uploads.now(),
        context_.url_signer
    };
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
        co_return missing(
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
        co_return missing("message_data has neither text nor attachment.");
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::message);
    if (!used) {
        co_return std::move(used).error();
    }
    const Post post{
        used->id,
        text,
        *exchange.caller,
        std::move(used->media),
        context_.uploads.now(),
        context_.url_signer
    };
    co_return message_answer(post, recipient, exchange.request);
}

}  // namespace sluice::protocol::x_v1
