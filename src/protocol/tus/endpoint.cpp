#include "protocol/tus/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/cors.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/method_override.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/common/receive_stream.hpp"
#include "protocol/common/replayed_bytes.hpp"
#include "protocol/common/stream_hints.hpp"
#include "protocol/common/two_protocols.hpp"
#include "protocol/common/unannounced_trailer.hpp"
#include "protocol/common/upload_identity.hpp"
#include "protocol/tus/checksum.hpp"
#include "protocol/tus/creation.hpp"
#include "protocol/tus/fields.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol::tus {
namespace {

using boost::asio::awaitable;
using http::Request;
using http::Response;
using http::ResponsePtr;
using runtime::run_blocking;

constexpr std::string_view extensions =
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,"
    "termination,concatenation,concatenation-unfinished";
constexpr std::string_view exposed =
    "Upload-Offset, Location, Upload-Length, Tus-Version, Tus-Resumable, Tus-Max-Size, "
    "Tus-Extension, Tus-Checksum-Algorithm, Upload-Metadata, Upload-Defer-Length, Upload-Concat, "
    "Upload-Expires, Idempotency-Replayed, Sluice-Media-Id, Sluice-Error, Link, Retry-After, "
    "X-Request-Id, "
    "x-rate-limit-limit, x-rate-limit-remaining, x-rate-limit-reset";
constexpr std::string_view allowed_fields =
    "Authorization, Origin, X-Requested-With, X-Request-ID, X-HTTP-Method-Override, Content-Type, "
    "Upload-Length, Upload-Offset, Tus-Resumable, Upload-Metadata, Upload-Defer-Length, "
    "Upload-Concat, Upload-Checksum, Idempotency-Key";
constexpr std::string_view allowed_methods = "POST, HEAD, PATCH, OPTIONS, GET, DELETE";

// Errors that tus has a number of its own for.
std::optional<int> status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::media_expired:
        case ErrorCode::media_canceled:
            return 410;
        case ErrorCode::beyond_total_bytes:
        case ErrorCode::file_too_large:
            return 413;
        default:
            return std::nullopt;
    }
}

Response refused(const Error& error, const Request& request) {
    const auto hint = stream_hint(error.code);
    auto response =
        problem_response(error, std::nullopt, request, {.status = status_of(error), .hint = hint});
    const auto accept = request.header("Accept").value_or("");
    if (accept.find("json") == std::string_view::npos) {
        response.body = whole_message(error, hint) + "\n";
        response.headers.remove("Content-Type");
        response.set("Content-Type", "text/plain;charset=utf-8");
    }
    if (error.code == ErrorCode::protocol_version) {
        response.set("Tus-Version", std::string(version));
    }
    // The rest of the body that this is about would only be thrown away.
    response.close = error.code == ErrorCode::upload_taken_over;
    return response;
}

void add_expiry(Response& response, const Upload& upload) {
    if (upload.state == UploadState::open) {
        response.set("Upload-Expires", http_date(upload.expires_at));
    }
}

std::string offset_text(const Upload& upload) {
    return std::to_string(upload.received.value);
}

Error not_allowed(std::string_view method) {
    return {
        .code = ErrorCode::method_not_allowed,
        .facts = printable(method) + " means nothing here.",
    };
}

}  // namespace

awaitable<ResponsePtr> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    auto response = std::make_unique<Response>(co_await answer(exchange, body));
    finish(exchange.request, *response);
    co_return response;
}

Response Endpoint::refuse(const Error& error, const Request& request) const {
    auto response = refused(error, request);
    finish(request, response);
    return response;
}

void Endpoint::finish(const Request& request, Response& response) const {
    response.set("Tus-Resumable", std::string(version));
    allow_origin(pages_, request, response);
    if (request.header("Origin")) {
        response.set("Access-Control-Expose-Headers", std::string(exposed));
    }
    response.route = "tus.files";
}

awaitable<Response> Endpoint::answer(Exchange& exchange, http::BodyReader& body) const {
    const Request& request = exchange.request;
    const auto method = method_of(request);
    if (method == "OPTIONS") {
        co_return capabilities();
    }
    const auto spoken = request.header("Tus-Resumable").value_or("");
    if (method != "GET" && (spoken != version || request.count("Tus-Resumable") != 1)) {
        const Error error{
            .code = ErrorCode::protocol_version,
            .facts = "Tus-Resumable is \"" + printable(spoken) + "\"; this server speaks " +
                     std::string(version) + ".",
        };
        co_return refused(error, request);
    }
    if (const auto mixed = in_two_protocols(request)) {
        co_return refused(*mixed, request);
    }
    auto owner = authorize(exchange, Scope::media_write);
    if (!owner) {
        co_return refused(owner.error(), request);
    }
    if (request.path == "/files" || request.path == collection) {
        if (method == "POST") {
            co_return co_await create(exchange, *std::move(owner), body);
        }
        auto response = refused(not_allowed(method), request);
        response.set("Allow", "POST, OPTIONS");
        co_return response;
    }
    const auto id = id_in(request.path);
    if (!id) {
        const Error error{
            .code = ErrorCode::media_unknown, .facts = "The URL names no upload of this server."
        };
        co_return refused(error, request);
    }
    exchange.media_id = *id;
    if (method == "HEAD" || method == "GET") {
        co_return co_await look(request, *std::move(owner), *id);
    }
    if (method == "PATCH") {
        co_return co_await append(exchange, *std::move(owner), *id, body);
    }
    if (method == "DELETE") {
        co_return co_await remove(exchange, *std::move(owner), *id);
    }
    auto response = refused(not_allowed(method), request);
    response.set("Allow", std::string(allowed_methods));
    co_return response;
}

Response Endpoint::capabilities() const {
    Response response;
    response.status = 204;
    response.set("Tus-Version", std::string(version));
    response.set("Tus-Extension", std::string(extensions));
    response.set("Tus-Max-Size", std::to_string(context_.streams->length_max().value));
    response.set("Tus-Checksum-Algorithm", std::string(checksum_algorithms));
    response.set("Access-Control-Allow-Methods", std::string(allowed_methods));
    response.set("Access-Control-Allow-Headers", std::string(allowed_fields));
    response.set("Access-Control-Max-Age", "86400");
    return response;
}

awaitable<Response> Endpoint::create(Exchange& exchange, Principal owner, http::BodyReader& body)
    const {
    const Request& request = exchange.request;
    exchange.call = "CREATE";
    auto wanted = wanted_of(request, std::move(owner));
    if (!wanted) {
        co_return refused(wanted.error(), request);
    }
    const bool has_bytes = has_bytes_for_it(request);
    if (auto fitting = bytes_fit(request, *wanted); !fitting) {
        co_return refused(fitting.error(), request);
    }
    // Before anything is made.
    if (const auto checksum = Checksum::of(request, body); has_bytes && !checksum) {
        co_return refused(checksum.error(), request);
    }
    const RateGate gate(context_, exchange);
    wanted->admission = &gate;
    wanted->was_made_before = &exchange.is_replayed;
    const auto made = co_await run_blocking(context_.pool, [this, &wanted] {
        return context_.streams->create(*wanted);
    });
    if (!made) {
        co_return refused(made.error(), request);
    }
    exchange.media_id = made->id;
    Response response;
    response.status = 201;
    // Said again under its Idempotency-Key, and all of these bytes are there.
    const bool is_there =
        made->state != UploadState::open || (made->received.value > 0 && request.content_length &&
                                             made->received.value >= *request.content_length);
    if (auto same = has_bytes && is_there
                        ? co_await compare_replayed(context_, exchange, body, *made)
                        : ok();
        !same) {
        co_return refused(same.error(), request);
    }
    if (has_bytes && !is_there) {
        const auto now = co_await feed(exchange, {.owner = made->owner, .id = made->id}, body);
        if (now) {
            response.set("Upload-Offset", offset_text(*now));
            add_expiry(response, *now);
        } else {  // the upload is there: go on, or delete it
            response = co_await refused_bytes(now.error(), request, made->owner, made->id);
        }
    } else {
        if (has_bytes) {
            response.set("Upload-Offset", offset_text(*made));
        }
        add_expiry(response, *made);
    }
    response.set("Location", std::string(collection) + made->id.text());
    add_identity(response, *made);
    co_return response;
}

// The bytes of this request behind those that are there.
awaitable<Result<Upload>> Endpoint::feed(
    Exchange& exchange, AppendToStream wanted, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    auto checksum = Checksum::of(request, body);
    if (!checksum) {
        co_return std::move(checksum).error();
    }
    std::unique_ptr<BodyCheck> check = *std::move(checksum);
    if (!check) {
        check = UnannouncedTrailer::of(request, body, {"Upload-Checksum"});
    }
    const RateGate gate(context_, exchange);
    wanted.admission = exchange.call == "PATCH" ? &gate : nullptr;
    if (!request.is_chunked) {
        wanted.length = ByteCount{request.content_length.value_or(0)};
    }
    auto begun = co_await run_blocking(context_.bulk, [this, &wanted] {
        return context_.streams->begin(wanted);
    });
    if (!begun) {
        co_return std::move(begun).error();
    }
    auto now = co_await receive_stream(context_, *std::move(begun), body, std::move(check));
    exchange.media_bytes = ByteCount{body.received()};
    co_return now;
}

// Where they do not belong, with the offset where some do.
awaitable<Response> Endpoint::refused_bytes(
    const Error& error, const Request& request, Principal owner, MediaId id
) const {
    auto response = refused(error, request);
    if (error.code == ErrorCode::offset_mismatch) {
        const auto stands = co_await run_blocking(context_.bulk, [this, &owner, id] {
            return context_.streams->find(owner, id);
        });
        if (stands) {
            response.set("Upload-Offset", offset_text(*stands));
        }
    }
    co_return response;
}

awaitable<Response> Endpoint::look(const Request& request, Principal owner, MediaId id) const {
    const bool is_download = method_of(request) == "GET";
    auto settled = [this, owner = std::move(owner), id] {
        auto there = context_.streams->find_settled(owner, id);
        const bool is_ours = there && there->protocol == protocol_name;
        return is_ours ? context_.streams->end_if_whole(*std::move(there)) : std::move(there);
    };
    const auto found = co_await run_blocking(context_.bulk, std::move(settled));
    if (!found) {
        co_return refused(found.error(), request);
    }
    const Upload& upload = *found;
    Response response;
    if (is_download && !upload.has_all_bytes()) {
        const Error error{
            .code = ErrorCode::upload_incomplete,
            .facts = offset_text(upload) + " bytes are there." +
                     (upload.stream.kind == UploadKind::part
                          ? " It is a part: what joins it can be downloaded."
                          : ""),
            .media_id = id.value,
        };
        co_return refused(error, request);
    }
    if (is_download) {
        response.status = 307;
        response.set("Location", "/media/" + upload.media_key() + "/original");
        co_return response;
    }
    const bool is_waiting =
        upload.stream.kind == UploadKind::joined && upload.state == UploadState::open;
    if (!is_waiting) {
        response.set("Upload-Offset", offset_text(upload));
    }
    if (!is_waiting && upload.stream.length_known) {
        response.set("Upload-Length", std::to_string(upload.total.value));
    } else if (!is_waiting) {
        response.set("Upload-Defer-Length", "1");
    }
    // Of an upload that another protocol made it is none of this one's words.
    const auto told = upload.protocol == protocol_name ? parse_told(upload.stream.told) : Told();
    if (!told.metadata.empty()) {
        response.set("Upload-Metadata", std::string(told.metadata));
    }
    if (!told.concat.empty()) {
        response.set("Upload-Concat", std::string(told.concat));
    }
    response.set("Cache-Control", "no-store");
    add_expiry(response, upload);
    add_identity(response, upload);
    co_return response;
}

awaitable<Response> Endpoint::append(
    Exchange& exchange, Principal owner, MediaId id, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    exchange.call = "PATCH";
    if (essence_of(request.header("Content-Type").value_or("")) != body_type) {
        const Error error{
            .code = ErrorCode::unsupported_media_type,
            .facts = "Content-Type is \"" + printable(request.header("Content-Type").value_or("")) +
                     "\"; PATCH takes " + std::string(body_type) + ".",
        };
        co_return refused(error, request);
    }
    const auto offset = offset_of(request);
    const auto total = late_length_of(request);
    if (!offset || !total) {
        co_return refused(offset ? total.error() : offset.error(), request);
    }
    const auto now =
        co_await feed(exchange, {.owner = owner, .id = id, .at = *offset, .total = *total}, body);
    if (!now) {
        co_return co_await refused_bytes(now.error(), request, std::move(owner), id);
    }
    Response response;
    response.status = 204;
    response.set("Upload-Offset", offset_text(*now));
    add_expiry(response, *now);
    add_identity(response, *now);
    co_return response;
}

awaitable<Response> Endpoint::remove(Exchange& exchange, Principal owner, MediaId id) const {
    exchange.call = "DELETE";
    const auto gone = co_await run_blocking(context_.pool, [this, owner = std::move(owner), id] {
        return context_.streams->cancel(owner, id);
    });
    if (!gone) {
        co_return refused(gone.error(), exchange.request);
    }
    Response response;
    response.status = 204;
    co_return response;
}

}  // namespace sluice::protocol::tus
