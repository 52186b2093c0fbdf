#include "protocol/x_v1/endpoint.hpp"

#include <utility>

#include "base/text.hpp"
#include "protocol/common/command.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/moment.hpp"
#include "protocol/common/notices.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/common/x_calls.hpp"
#include "protocol/x_v1/encode.hpp"

namespace sluice::protocol::x_v1 {
namespace {

using boost::asio::awaitable;
using http::Response;
using http::ResponsePtr;

// FINALIZE and STATUS also take the media_key, as X's older documents say.
Result<MediaId> id_or_key(const http::Request& request, const Parameters& parameters) {
    const bool has_id = parameters.has("media_id");
    auto id = media_id_of(parameters.get(has_id ? "media_id" : "media_key"), true);
    return id ? id : Result<MediaId>(with_place_of_id(std::move(id).error(), request, parameters));
}

constexpr std::string_view status_path = "/1.1/media/upload.json?command=STATUS&media_id=";

}  // namespace

// Only what waits is a coroutine: thousands stand in the middle of a body.
awaitable<ResponsePtr> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    exchange.protocol = "x1";
    auto refusal = refuse_early(exchange);
    return refusal ? http::answered(*std::move(refusal)) : serve(exchange, body);
}

std::optional<Response> Endpoint::at_once(Exchange& exchange, MediaId id) const {
    exchange.protocol = "x1";
    return !refuse_early(exchange) ? status_at_once(exchange, id) : std::nullopt;
}

std::optional<Response> Endpoint::refuse_early(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (!is_get && request.method != "POST") {
        const Error error{
            .code = ErrorCode::method_not_allowed,
            .facts = "The method is " + printable(request.method, 20) + "."
        };
        return refused(error, request, context_.fidelity);
    }
    const auto owner = authorize(exchange, Scope::media_write);
    note_auth(exchange);
    return owner ? std::nullopt : std::optional(refused(owner.error(), request, context_.fidelity));
}

awaitable<ResponsePtr> Endpoint::serve(Exchange& exchange, http::BodyReader& body) const {
    auto form = receive_query(exchange);
    if (form && *form == nullptr) {
        form = co_await receive(exchange, body);
    }
    // Made now, since the frame stands here for as long as the body comes.
    auto response = std::make_unique<Response>();
    co_await answer(exchange, form, *response);
    co_return response;
}

awaitable<void> Endpoint::answer(
    Exchange& exchange, Result<ReceivedFormPtr>& form, Response& response
) const {
    if (!form) {
        response = unreadable(exchange, form.error());
        co_return;
    }
    const bool is_get = exchange.request.method != "POST";
    auto command = command_of(**form, {.is_get = is_get, .status_path = status_path});
    if (!command) {
        response = co_await refuse_command(exchange, std::move(command).error());
        co_return;
    }
    if (*command != Command::status) {
        response = co_await run(exchange, *command, **form);
        co_return;
    }
    const auto id = id_or_key(exchange.request, (*form)->parameters);
    auto answer = status_at_once(exchange, id);
    response = answer ? *std::move(answer) : co_await status(exchange, *id);
}

awaitable<Result<ReceivedFormPtr>> Endpoint::receive(Exchange& exchange, http::BodyReader& body)
    const {
    auto opener = media_opener(context_, exchange, std::nullopt);
    return receive_form(context_, exchange, body, {}, std::move(opener));
}

Response Endpoint::unreadable(const Exchange& exchange, const Error& error) const {
    auto response = refused(error, exchange.request, context_.fidelity);
    response.route = "x1.unreadable";
    return response;
}

awaitable<Response> Endpoint::refuse_command(const Exchange& exchange, Error error) const {
    const Error told = co_await x_with_state(context_, exchange, std::move(error));
    co_return refused(told, exchange.request, context_.fidelity);
}

awaitable<Response> Endpoint::run(Exchange& exchange, Command command, ReceivedForm& form) const {
    if (command == Command::finalize) {
        co_return co_await finalize(exchange, form.parameters);
    }
    Response response;
    if (command == Command::init) {
        auto created = co_await x_initialize(context_, exchange, form);
        response = created ? initialized(*created, context_.uploads.now())
                           : refused(created.error(), exchange.request, context_.fidelity);
        if (created) {
            add_notice_headers(response, *created, exchange.request);
        }
        response.route = "x1.init";
    } else if (command == Command::append) {
        auto done = co_await x_append(context_, exchange, std::nullopt, form);
        response = done ? appended(*done, context_.fidelity)
                        : refused(done.error(), exchange.request, context_.fidelity);
        response.route = "x1.append";
    } else {
        auto done = co_await x_one_shot(context_, exchange, form);
        response = done ? finalized(*done, context_.uploads.now(), 200, exchange.request.base_url)
                        : refused(done.error(), exchange.request, context_.fidelity);
        response.route = "x1.one_shot";
    }
    co_return response;
}

awaitable<Response> Endpoint::finalize(Exchange& exchange, const Parameters& parameters) const {
    const auto id = id_or_key(exchange.request, parameters);
    auto done = id ? co_await x_finalize(context_, exchange, *id, parameters)
                   : Result<UploadStatus>(id.error());
    auto response = done ? finalized(*done, context_.uploads.now(), 201, exchange.request.base_url)
                         : refused(done.error(), exchange.request, context_.fidelity);
    if (done) {
        add_notice_headers(response, done->upload, exchange.request);
    }
    response.route = "x1.finalize";
    co_return response;
}

awaitable<Response> Endpoint::status(Exchange& exchange, MediaId id) const {
    const auto done = co_await x_status(context_, exchange, id);
    co_return told(exchange, done);
}

std::optional<Response> Endpoint::status_at_once(Exchange& exchange, const Result<MediaId>& id)
    const {
    const auto done =
        id ? x_status_at_once(context_, exchange, *id) : Result<UploadStatus>(id.error());
    return done ? std::optional(told(exchange, *done)) : std::nullopt;
}

Response Endpoint::told(const Exchange& exchange, const Result<UploadStatus>& status) const {
    const http::Request& request = exchange.request;
    auto response = status ? status_answer(*status, now_of(context_, exchange), request.base_url)
                           : refused(status.error(), request, context_.fidelity);
    if (status) {
        add_notice_headers(response, status->upload, request);
    }
    response.route = "x1.status";
    return response;
}

}  // namespace sluice::protocol::x_v1
