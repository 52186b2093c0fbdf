#include "protocol/x_v2/annotations_endpoint.hpp"

#include <utility>

#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/x_v2/encode.hpp"
#include "protocol/x_v2/encode_media.hpp"

namespace sluice::protocol::x_v2 {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;
using http::Response;

constexpr std::string_view metadata_path = "/2/media/metadata";
constexpr std::string_view subtitles_path = "/2/media/subtitles";

// Of a DELETE: in the query, where its parameters are safe from proxies that drop its body.
Result<json::object> query_as_object(const http::Request& request) {
    Parameters parameters;
    if (auto added = parameters.add_query(request.raw_query); !added) {
        return std::move(added).error();
    }
    json::object object;
    for (const auto* name : {"id", "media_category", "language_code"}) {
        if (const auto value = parameters.find(name)) {
            object[name] = *value;
        }
    }
    return object;
}

Error body_missing(Error error) {
    error.facts +=
        " Some proxies drop the body of DELETE: id, media_category and language_code may "
        "stand in the query as well.";
    return error;
}

Result<MediaMetadata> metadata_in(const json::object& body) {
    const json::value* metadata = body.if_contains("metadata");
    if (metadata == nullptr || metadata->is_null()) {
        // v1.1's shape, beside the id: what is meant is plain.
        return metadata_of(body, UnknownMembers::let_be);
    }
    if (!metadata->is_object()) {
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "metadata is " + described(*metadata) + "; expected is an object.",
        };
    }
    return metadata_of(metadata->get_object(), UnknownMembers::refused);
}

}  // namespace

bool AnnotationsEndpoint::serves(std::string_view path) {
    return path == metadata_path || path == subtitles_path;
}

awaitable<Response> AnnotationsEndpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    const bool is_metadata = request.path == metadata_path;
    const bool is_delete = !is_metadata && request.method == "DELETE";
    exchange.call =
        is_metadata ? "METADATA" : (is_delete ? "SUBTITLES_DELETE" : "SUBTITLES_CREATE");
    if (request.method != "POST" && !is_delete) {
        co_return not_allowed(request, context_.fidelity, is_metadata ? "POST" : "POST, DELETE");
    }
    auto done = co_await run(exchange, body);
    Response response = done ? std::move(*done) : refused(done.error(), request, context_.fidelity);
    response.route =
        is_metadata ? "x2.metadata" : (is_delete ? "x2.subtitles_delete" : "x2.subtitles_create");
    co_return response;
}

awaitable<Result<Response>> AnnotationsEndpoint::run(Exchange& exchange, http::BodyReader& body)
    const {
    const http::Request& request = exchange.request;
    auto caller = authorize(exchange, Scope::media_write);
    if (!caller) {
        co_return std::move(caller).error();
    }
    const bool is_delete = request.method == "DELETE";
    auto received = co_await receive_json(
        exchange, body, is_delete ? ErrorCode::body_missing : ErrorCode::json_expected
    );
    if (!received && received.error().code == ErrorCode::body_missing) {
        auto query = query_as_object(request);
        received =
            query && query->empty() ? body_missing(std::move(received).error()) : std::move(query);
    }
    if (!received) {
        co_return std::move(received).error();
    }
    note_media_in(exchange, *received);
    if (request.path == metadata_path) {
        co_return co_await metadata(exchange, std::move(*received));
    }
    co_return is_delete ? co_await detach(exchange, std::move(*received))
                        : co_await attach(exchange, std::move(*received));
}

awaitable<Result<Response>> AnnotationsEndpoint::metadata(Exchange& exchange, json::object body)
    const {
    const bool has_other = body.contains("media_id") && !body.contains("id");
    const auto id = media_id_in(body, has_other ? "media_id" : "id", false);
    if (!id) {
        co_return id.error();
    }
    auto metadata = metadata_in(body);
    if (!metadata) {
        co_return std::move(metadata).error();
    }
    auto all = co_await x_annotate(context_, exchange, *id, std::move(*metadata));
    co_return all ? Result<Response>(metadata_answer(*id, *all)) : std::move(all).error();
}

awaitable<Result<Response>> AnnotationsEndpoint::attach(Exchange& exchange, json::object body)
    const {
    auto request = subtitle_request_of(body, SubtitleCall::create, "id");
    if (!request) {
        co_return std::move(request).error();
    }
    const MediaId video = request->video;
    const Category category = request->category.value_or(Category::tweet_video);
    auto all = co_await x_attach_subtitles(context_, exchange, std::move(*request));
    co_return all ? Result<Response>(subtitles_answer(video, category, *all))
                  : std::move(all).error();
}

awaitable<Result<Response>> AnnotationsEndpoint::detach(Exchange& exchange, json::object body)
    const {
    auto request = subtitle_request_of(body, SubtitleCall::remove, "id");
    if (!request) {
        co_return std::move(request).error();
    }
    auto all = co_await x_detach_subtitles(context_, exchange, std::move(*request));
    co_return all ? Result<Response>(deleted_answer()) : std::move(all).error();
}

}  // namespace sluice::protocol::x_v2
