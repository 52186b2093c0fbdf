#include "protocol/x_v1/annotations_endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/x_v1/encode.hpp"

namespace sluice::protocol::x_v1 {
namespace {

using boost::asio::awaitable;
using http::Response;

constexpr std::string_view metadata_path = "/1.1/media/metadata/create.json";
constexpr std::string_view subtitles_path = "/1.1/media/subtitles/create.json";
constexpr std::string_view deletion_path = "/1.1/media/subtitles/delete.json";

std::string_view call_of(std::string_view path) {
    if (path == metadata_path) {
        return "METADATA";
    }
    return path == subtitles_path ? "SUBTITLES_CREATE" : "SUBTITLES_DELETE";
}

std::string_view route_of(std::string_view path) {
    if (path == metadata_path) {
        return "x1.metadata";
    }
    return path == subtitles_path ? "x1.subtitles_create" : "x1.subtitles_delete";
}

// Unknown members stand beside media_id and are let be; but if none is known, it was not meant so.
Result<MediaMetadata> metadata_beside_id(const boost::json::object& body) {
    auto metadata = metadata_of(body, UnknownMembers::let_be);
    if (metadata && metadata->members.empty()) {
        return Error{
            .code = ErrorCode::parameter_missing,
            .facts =
                "alt_text is missing; send it beside media_id, as in {\"media_id\":\"1349…\","
                "\"alt_text\":{\"text\":\"…\"}}.",
        };
    }
    return metadata;
}

}  // namespace

bool AnnotationsEndpoint::serves(std::string_view path) {
    return path == metadata_path || path == subtitles_path || path == deletion_path;
}

awaitable<Response> AnnotationsEndpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    exchange.call = call_of(request.path);
    if (request.method != "POST") {
        co_return not_allowed(request, context_.fidelity, "POST");
    }
    Response response;
    auto caller = authorize(exchange, Scope::media_write);
    if (!caller) {
        response = refused(caller.error(), request, context_.fidelity);
    } else {
        auto json = co_await receive_json(exchange, body);
        auto done = json ? co_await run(exchange, std::move(*json))
                         : Result<Attachments>(std::move(json).error());
        if (!done) {
            response = refused(done.error(), request, context_.fidelity);
        }
    }
    response.route = route_of(request.path);
    co_return response;
}

awaitable<Result<Attachments>> AnnotationsEndpoint::run(
    Exchange& exchange, boost::json::object body
) const {
    const std::string_view path = exchange.request.path;
    note_media_in(exchange, body);
    if (path == metadata_path) {
        const bool has_key = body.contains("media_key") && !body.contains("media_id");
        const auto id = media_id_in(body, has_key ? "media_key" : "media_id", true);
        if (!id) {
            co_return id.error();
        }
        auto metadata = metadata_beside_id(body);
        if (!metadata) {
            co_return std::move(metadata).error();
        }
        co_return co_await x_annotate(context_, exchange, *id, std::move(*metadata));
    }
    const auto call = path == subtitles_path ? SubtitleCall::create : SubtitleCall::remove;
    auto request = subtitle_request_of(body, call, "media_id");
    if (!request) {
        co_return std::move(request).error();
    }
    if (call == SubtitleCall::create) {
        co_return co_await x_attach_subtitles(context_, exchange, std::move(*request));
    }
    co_return co_await x_detach_subtitles(context_, exchange, std::move(*request));
}

}  // namespace sluice::protocol::x_v1
