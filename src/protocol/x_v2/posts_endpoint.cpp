#include "protocol/x_v2/posts_endpoint.hpp"

#include <boost/json/object.hpp>
#include <utility>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "protocol/common/account.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/x_v2/encode.hpp"

namespace sluice::protocol::x_v2 {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;
using http::Response;

constexpr std::string_view posts_path = "/2/tweets";
constexpr std::string_view messages_root = "/2/dm_conversations";
constexpr std::string_view with_one = "/2/dm_conversations/with/";
constexpr std::string_view messages_end = "/messages";
constexpr std::string_view account_path = "/2/users/me";

bool is_message_path(std::string_view path) {
    const bool is_below = path.starts_with(std::string(messages_root) + "/") &&
                          path.ends_with(messages_end) &&
                          path.size() > messages_root.size() + 1 + messages_end.size();
    return path == messages_root || is_below;
}

Error invalid(std::string facts) {
    return {.code = ErrorCode::media_ids_invalid, .facts = std::move(facts)};
}

Result<std::string> text_of(const json::object& object) {
    const json::value* text = object.if_contains("text");
    if (text == nullptr || text->is_null()) {
        return std::string();
    }
    return text->is_string()
               ? Result<std::string>(std::string(text->get_string()))
               : Error{
                     .code = ErrorCode::parameter_invalid,
                     .facts = "text is " + described(*text) + "; expected is a string.",
                 };
}

// Every way in which the list is missed is told (row 87).
Result<std::vector<MediaId>> media_of_post(const json::object& body) {
    for (const auto* name : {"media_ids", "media_id"}) {
        if (body.contains(name)) {
            return invalid(
                std::string(name) +
                " stands beside text; it belongs into media, as in "
                "{\"media\":{\"media_ids\":[\"1349…\"]}}."
            );
        }
    }
    const json::value* media = body.if_contains("media");
    if (media == nullptr || media->is_null()) {
        return std::vector<MediaId>();
    }
    if (!media->is_object()) {
        return invalid(
            "media is " + described(*media) +
            "; expected is an object, as in {\"media_ids\":[\"1349…\"]}."
        );
    }
    const json::object& object = media->get_object();
    if (const json::value* ids = object.if_contains("media_ids")) {
        return media_ids_in(*ids, "media.media_ids");
    }
    return object.contains("media_id")
               ? invalid("media has media_id; a post takes media_ids, a list of strings.")
               : invalid("media has no media_ids.");
}

// The attachments of a message: a list of {"media_id"}, in the message or in its only member.
Result<std::vector<MediaId>> media_of_message(const json::object& message) {
    const json::value* attachments = message.if_contains("attachments");
    if (attachments == nullptr || attachments->is_null()) {
        return std::vector<MediaId>();
    }
    json::array ids;
    const json::array* list = attachments->if_array();
    for (const json::value& entry : list == nullptr ? json::array() : *list) {
        const json::object* object = entry.if_object();
        const json::value* id = object == nullptr ? nullptr : object->if_contains("media_id");
        if (id == nullptr) {
            return invalid(
                "attachments has " + described(entry) + "; expected is {\"media_id\":\"1349…\"}."
            );
        }
        ids.push_back(*id);
    }
    return list == nullptr ? invalid(
                                 "attachments is " + described(*attachments) +
                                 "; expected is a list, as in [{\"media_id\":\"1349…\"}]."
                             )
                           : media_ids_in(ids, "attachments");
}

Response json_response(int status, std::string body) {
    Response response;
    response.status = status;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

Response post_answer(std::uint64_t id, const std::string& text) {
    JsonWriter json;
    json.begin_object().key("data").begin_object();
    json.member("id", std::to_string(id)).member("text", text);
    json.key("edit_history_tweet_ids").begin_array().value(std::to_string(id)).end_array();
    json.end_object().end_object();
    return json_response(201, json.take());
}

// "with/{participant}" makes a conversation of two, which X names by both; "{id}" is one already.
std::string conversation_of(std::string_view path, const Exchange& exchange, std::uint64_t id) {
    if (path == messages_root) {
        return std::to_string(id);
    }
    const bool is_with = path.starts_with(with_one);
    const auto begin = is_with ? with_one.size() : messages_root.size() + 1;
    const std::string name(path.substr(begin, path.size() - begin - messages_end.size()));
    return is_with ? std::to_string(account_of(*exchange.caller).id) + "-" + name : name;
}

Response message_answer(const std::string& conversation, std::uint64_t id) {
    JsonWriter json;
    json.begin_object().key("data").begin_object();
    json.member("dm_conversation_id", conversation)
        .member("dm_event_id", std::to_string(id))
        .end_object()
        .end_object();
    return json_response(201, json.take());
}

Response account_answer(const Identity& who) {
    const Account account = account_of(who);
    JsonWriter json;
    json.begin_object().key("data").begin_object();
    json.member("id", std::to_string(account.id))
        .member("name", account.name)
        .member("username", account.user_name)
        .end_object()
        .end_object();
    return json_response(200, json.take());
}

StandIn kind_of(std::string_view path) {
    if (path == posts_path) {
        return StandIn::post;
    }
    return path == account_path ? StandIn::account : StandIn::message;
}

}  // namespace

bool PostsEndpoint::serves(std::string_view path) {
    return path == posts_path || path == account_path || is_message_path(path);
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
    response.route = route_of("x2", kind);
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
    co_return kind == StandIn::post ? co_await post(exchange, body)
                                    : co_await message(exchange, body);
}

awaitable<Result<Response>> PostsEndpoint::post(Exchange& exchange, http::BodyReader& body) const {
    auto received = co_await receive_json(exchange, body);
    if (!received) {
        co_return std::move(received).error();
    }
    const auto text = text_of(*received);
    if (!text) {
        co_return text.error();
    }
    auto ids = media_of_post(*received);
    if (!ids) {
        co_return std::move(ids).error();
    }
    const bool has_other = received->contains("poll") || received->contains("quote_tweet_id");
    if (text->empty() && ids->empty() && !has_other) {
        co_return parameter_missing("text is missing, and so is media.");
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::post);
    co_return used ? Result<Response>(post_answer(used->id, *text)) : std::move(used).error();
}

awaitable<Result<Response>> PostsEndpoint::message(Exchange& exchange, http::BodyReader& body)
    const {
    auto received = co_await receive_json(exchange, body);
    if (!received) {
        co_return std::move(received).error();
    }
    // A new group has its first message in a member of its own.
    const json::value* inner = received->if_contains("message");
    const json::object* inside = inner == nullptr ? nullptr : inner->if_object();
    const json::object& message = inside == nullptr ? *received : *inside;
    const auto text = text_of(message);
    if (!text) {
        co_return text.error();
    }
    auto ids = media_of_message(message);
    if (!ids) {
        co_return std::move(ids).error();
    }
    if (text->empty() && ids->empty()) {
        co_return parameter_missing("text is missing, and so is attachments.");
    }
    auto used = co_await x_use(context_, exchange, std::move(*ids), UsedIn::message);
    if (!used) {
        co_return std::move(used).error();
    }
    co_return message_answer(conversation_of(exchange.request.path, exchange, used->id), used->id);
}

}  // namespace sluice::protocol::x_v2
