#include "protocol/rufh/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/method_override.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/common/replayed_bytes.hpp"
#include "protocol/common/two_protocols.hpp"
#include "protocol/common/upload_identity.hpp"
#include "protocol/rufh/answers.hpp"
#include "protocol/rufh/creation.hpp"
#include "protocol/rufh/digests.hpp"
#include "protocol/rufh/feed.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol::rufh {
namespace {

using boost::asio::awaitable;
using http::Request;
using http::Response;
using http::ResponsePtr;
using runtime::run_blocking;

// By the last request an upload is complete, unless bytes were lost meanwhile, or tus joins it with others.
constexpr auto unfinished =
    "Its bytes are there as far as Upload-Offset says; that they were the last ones ends nothing.";

Error not_allowed(std::string_view method) {
    return {
        .code = ErrorCode::method_not_allowed,
        .facts = printable(method) + " means nothing here.",
    };
}

std::string location_of(MediaId id) {
    return std::string(collection) + id.text();
}

// An empty file is complete already; what an earlier call of the same key made may be, or has all that this one brings.
bool has_all_of(const Upload& made, const Fields& fields) {
    const bool has_these = made.received.value > 0 && fields.body && made.received >= *fields.body;
    return made.state != UploadState::open || (!*fields.is_complete && has_these);
}

// The same call under its Idempotency-Key has the upload: what is there of it is not this one's to end.
bool is_of_another_call(const Error& error) {
    return error.code == ErrorCode::offset_mismatch || error.code == ErrorCode::upload_taken_over;
}

// Nothing is at its URL any more.
bool is_end(const Error& error) {
    return is_overrun(error) || error.code == ErrorCode::digest_mismatch ||
           error.code == ErrorCode::media_canceled || error.code == ErrorCode::media_expired;
}

// What is all or nothing does not go on with what an earlier call left when the server was killed.
Result<Upload> create_anew(Streams& streams, const CreateStream& wanted) {
    auto made = streams.create(wanted);
    const bool is_left = made && made->state == UploadState::open && made->received.value > 0 &&
                         !streams.is_fed(made->id);
    if (!is_left) {
        return made;
    }
    auto ended = streams.cancel_open(made->owner, made->id);
    return ended ? streams.create(wanted) : Result<Upload>(std::move(ended).error());
}

// Null: there is none.
template <class... Results>
const Error* first_error(const Results&... results) {
    const Error* error = nullptr;
    ((error = error == nullptr && !results ? &results.error() : error), ...);
    return error;
}

void add_location_unless_ended(
    Response& response, const std::string& location, const Error& error
) {
    if (!is_end(error)) {
        response.set("Location", location);
    }
}

}  // namespace

awaitable<ResponsePtr> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const Fields fields = fields_of(exchange.request);
    auto response = std::make_unique<Response>(co_await answer(exchange, fields, body));
    finish(pages_, exchange.request, *response);
    co_return response;
}

Response Endpoint::refuse(const Error& error, const Request& request) const {
    auto response = refused(error, request, fields_of(request), is_collection(request.path));
    finish(pages_, request, response);
    return response;
}

awaitable<Response> Endpoint::answer(
    Exchange& exchange, const Fields& fields, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    const auto method = method_of(request);
    if (method == "OPTIONS") {
        co_return capabilities();
    }
    const bool is_creation = is_collection(request.path);
    if (const auto mixed = in_two_protocols(request)) {
        co_return refused(*mixed, request, fields, is_creation);
    }
    auto owner = authorize(exchange, Scope::media_write);
    if (!owner) {
        co_return refused(owner.error(), request, fields, is_creation);
    }
    if (is_creation && (method == "POST" || method == "PUT")) {
        co_return co_await create(exchange, fields, *std::move(owner), body);
    }
    if (is_creation) {
        auto response = refused(not_allowed(method), request, fields, true);
        response.set("Allow", "POST, PUT, OPTIONS");
        co_return response;
    }
    const auto id = id_in(request.path);
    if (!id) {
        const Error error{
            .code = ErrorCode::media_unknown, .facts = "The URL names no upload of this server."
        };
        co_return gone(error, request);
    }
    exchange.media_id = *id;
    if (method == "HEAD" || method == "GET") {
        co_return co_await look(exchange, fields, *std::move(owner), *id);
    }
    if (method == "PATCH") {
        co_return co_await append(exchange, fields, *std::move(owner), *id, body);
    }
    if (method == "DELETE") {
        co_return co_await remove(exchange, fields, *std::move(owner), *id);
    }
    auto response = refused(not_allowed(method), request, fields, false);
    response.set("Allow", "HEAD, GET, PATCH, DELETE, OPTIONS");
    co_return response;
}

Response Endpoint::capabilities() const {
    Response response;
    response.status = 204;
    response.set("Upload-Limit", limits_of(nullptr));
    add_preflight(response);
    return response;
}

awaitable<Response> Endpoint::create(
    Exchange& exchange, const Fields& fields, Principal owner, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    exchange.call = "CREATE";
    auto wanted = wanted_of(request, fields, std::move(owner));
    const auto fitting = lengths_fit(fields);
    const auto check = Digests::of_content(request, body);
    if (const Error* mistake = first_error(fitting, wanted, check)) {  // before anything is made
        co_return refused(*mistake, request, fields, true);
    }
    if (!fields.is_complete) {
        co_return co_await take_whole(exchange, fields, *std::move(wanted), body);
    }
    const RateGate gate(context_, exchange);
    wanted->admission = &gate;
    wanted->was_made_before = &exchange.is_replayed;
    auto made = co_await run_blocking(context_.pool, [this, &wanted, &fields]() -> Result<Upload> {
        auto fits = append_fits(fields, context_.append_bytes_max);
        return fits ? context_.streams->create(*wanted) : std::move(fits).error();
    });
    if (!made) {
        auto response = refused(made.error(), request, fields, true);
        response.set("Upload-Limit", limits_of(nullptr));
        co_return response;
    }
    exchange.media_id = made->id;
    const std::string location = location_of(made->id);
    if (request.has_body() && speaks_interim(context_, fields)) {
        co_await body.send_interim(
            interim_status,
            "Location: " + location + "\r\nUpload-Limit: " + limits_of(&*made) + "\r\n" +
                version_line(fields)
        );
    }
    Fed fed{*made, {}};
    const bool is_there = has_all_of(*made, fields);
    if (auto same = is_there ? co_await compare_replayed(context_, exchange, body, *made) : ok();
        !same) {
        co_return refused(same.error(), request, fields, true);
    }
    if (!is_there && (request.has_body() || *fields.is_complete)) {
        auto now =
            co_await feed(context_, exchange, {.owner = made->owner, .id = made->id}, fields, body);
        if (!now) {
            auto response =
                co_await refused_bytes(now.error(), request, fields, made->owner, made->id);
            add_location_unless_ended(response, location, now.error());
            co_return response;
        }
        fed = *std::move(now);
    } else if (*fields.is_complete && made->has_all_bytes()) {
        fed = co_await fed_before(context_, request, *made);
    }
    auto response =
        *fields.is_complete ? finished(request, fields, fed, 201) : begun(fields, fed.upload, 201);
    response.set("Location", location);
    co_return response;
}

awaitable<Response> Endpoint::take_whole(
    Exchange& exchange, const Fields& fields, CreateStream wanted, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    const RateGate gate(context_, exchange);
    wanted.admission = &gate;
    wanted.was_made_before = &exchange.is_replayed;
    wanted.length = fields.body;
    const auto made = co_await run_blocking(context_.pool, [this, &wanted] {
        return create_anew(*context_.streams, wanted);
    });
    if (!made) {
        co_return gone(made.error(), request);
    }
    exchange.media_id = made->id;
    Fed fed{*made, {}};
    if (made->state == UploadState::open) {
        Fields all = fields;
        all.is_complete = true;
        auto now =
            co_await feed(context_, exchange, {.owner = made->owner, .id = made->id}, all, body);
        const bool is_of_no_use = !now && !is_of_another_call(now.error());
        if (is_of_no_use) {
            co_await invalidate(made->owner, made->id);
        }
        if (!now) {
            co_return gone(now.error(), request);
        }
        fed = *std::move(now);
    } else if (auto same = co_await compare_replayed(context_, exchange, body, *made); !same) {
        co_return gone(same.error(), request);
    }
    Response response = described(request, fed.upload);
    response.status = 201;
    add_identity(response, fed.upload);
    response.set("Location", "/api/v1/uploads/" + made->id.text());
    co_return response;
}

awaitable<void> Endpoint::invalidate(Principal owner, MediaId id) const {
    static_cast<void>(co_await run_blocking(context_.pool, [this, owner = std::move(owner), id] {
        return context_.streams->cancel_open(owner, id);
    }));
}

awaitable<Response> Endpoint::look(
    Exchange& exchange, const Fields& fields, Principal owner, MediaId id
) const {
    const Request& request = exchange.request;
    if (request.header("Upload-Offset") || request.header("Upload-Complete")) {
        const Error error{
            .code = ErrorCode::parameter_invalid,
            .facts =
                "A question for the offset carries Upload-Offset or Upload-Complete, which are "
                "its answer.",
        };
        co_return refused(error, request, fields, false);
    }
    const auto found = co_await run_blocking(context_.bulk, [this, owner = std::move(owner), id] {
        return context_.streams->find_settled(owner, id);
    });
    if (!found) {
        co_return gone(found.error(), request);
    }
    const bool is_get = method_of(request) == "GET";
    Response response = is_get ? described(request, *found) : Response();
    response.status = is_get ? 200 : 204;
    add_progress(response, fields, *found);
    if (found->stream.length_known) {
        response.set("Upload-Length", std::to_string(found->total.value));
    }
    response.set("Upload-Limit", limits_of(&*found));
    if (!is_get) {
        response.set("Cache-Control", "no-store");
    }
    add_identity(response, *found);
    co_return response;
}

awaitable<Response> Endpoint::append(
    Exchange& exchange, const Fields& fields, Principal owner, MediaId id, http::BodyReader& body
) const {
    const Request& request = exchange.request;
    exchange.call = "PATCH";
    const auto may = check_append(request, fields, context_.append_bytes_max);
    if (!may) {
        auto response = refused(may.error(), request, fields, false);
        if (may.error().code == ErrorCode::body_too_large) {
            response.set("Upload-Limit", limits_of(nullptr));
        }
        co_return response;
    }
    const auto now = co_await feed(
        context_, exchange, {.owner = owner, .id = id, .at = *fields.offset}, fields, body
    );
    const bool is_whole = now && now->upload.has_all_bytes();
    if (is_whole && *fields.is_complete) {
        co_return finished(request, fields, *now, 200);
    }
    if (now && !is_whole && !*fields.is_complete) {
        co_return begun(fields, now->upload, 204);
    }
    const Error error =
        now ? Error{.code = is_whole ? ErrorCode::already_finalized : ErrorCode::upload_incomplete, .facts = is_whole ? "" : unfinished, .media_id = id.value}
            : now.error();
    co_return co_await refused_bytes(error, request, fields, std::move(owner), id);
}

awaitable<Response> Endpoint::refused_bytes(
    const Error& error, const Request& request, const Fields& fields, Principal owner, MediaId id
) const {
    const auto stands = co_await run_blocking(context_.bulk, [this, &owner, id] {
        return context_.streams->find(owner, id);
    });
    if (is_overrun(error)) {
        co_await invalidate(std::move(owner), id);
    }
    auto response = refused(error, request, fields, false, stands ? &*stands : nullptr);
    if (error.code == ErrorCode::file_too_large) {
        response.set("Upload-Limit", limits_of(nullptr));
    }
    co_return response;
}

awaitable<Response> Endpoint::remove(
    Exchange& exchange, const Fields& /*fields*/, Principal owner, MediaId id
) const {
    exchange.call = "DELETE";
    const auto removed = co_await run_blocking(context_.pool, [this, owner = std::move(owner), id] {
        return context_.streams->cancel(owner, id);
    });
    if (!removed) {
        co_return gone(removed.error(), exchange.request);
    }
    Response response;
    response.status = 204;
    co_return response;
}

Response Endpoint::begun(const Fields& fields, const Upload& upload, int status) const {
    Response response;
    response.status = status;
    add_progress(response, fields, upload);
    response.set("Upload-Limit", limits_of(&upload));
    add_identity(response, upload);
    return response;
}

Response Endpoint::finished(
    const Request& request, const Fields& fields, const Fed& fed, int status
) const {
    Response response = described(request, fed.upload);
    response.status = status;
    add_progress(response, fields, fed.upload);
    add_identity(response, fed.upload);
    if (!fed.digest.empty()) {
        response.set("Repr-Digest", fed.digest);
    }
    return response;
}

// Of an upload: also how long it still lives. `expires` is what max-age was called in interop version 6.
std::string Endpoint::limits_of(const Upload* upload) const {
    const auto left =
        upload == nullptr
            ? context_.uploads.limits().lifetime
            : std::chrono::floor<std::chrono::seconds>(upload->expires_at - context_.uploads.now());
    const std::string seconds = std::to_string(std::max<std::int64_t>(left.count(), 0));
    std::string text = "max-size=" + std::to_string(context_.streams->length_max().value);
    if (context_.append_bytes_max.value > 0) {
        text += ", max-append-size=" + std::to_string(context_.append_bytes_max.value);
    }
    if (upload == nullptr || upload->state == UploadState::open) {
        text += ", max-age=" + seconds + ", expires=" + seconds;
    }
    return text;
}

}  // namespace sluice::protocol::rufh
