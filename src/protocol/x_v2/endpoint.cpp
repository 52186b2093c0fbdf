#include "protocol/x_v2/endpoint.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/command.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/moment.hpp"
#include "protocol/common/nearest_path.hpp"
#include "protocol/common/notices.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/common/x_calls.hpp"
#include "protocol/common/x_media.hpp"
#include "protocol/x_v2/encode.hpp"

namespace sluice::protocol::x_v2 {
namespace {

using boost::asio::awaitable;
using http::Response;
using http::ResponsePtr;

constexpr std::string_view root = "/2/media/upload";
constexpr std::string_view status_path = "/2/media/upload?media_id=";

constexpr std::array<std::string_view, 5> routes{
    "x2.one_shot",
    "x2.init",
    "x2.append",
    "x2.finalize",
    "x2.status",
};

Error wrong_method(const http::Request& request) {
    return {
        .code = ErrorCode::method_not_allowed,
        .facts =
            printable(request.method, 20) + " is not taken by " + printable(request.path) + ".",
    };
}

// v1.1 judges by the content; v2's schema asks for the category of a one-shot.
Error category_needed(const ReceivedForm& form) {
    return {
        .code = ErrorCode::parameter_missing,
        .facts =
            "media_category is missing; an upload in one call takes tweet_image, tweet_gif, "
            "tweet_video, dm_image, dm_gif, dm_video or subtitles. Received: " +
            received_list(form) + ".",
    };
}

std::string_view path_below_root(const http::Request& request) {
    return std::string_view(request.path).substr(root.size());
}

bool lacks_category(const ReceivedForm& form) {
    return form.has_media() && form.parameters.get("media_category").empty();
}

}  // namespace

bool Endpoint::serves(std::string_view path) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

Result<Endpoint::Target> Endpoint::target_of_path(std::string_view rest) {
    if (rest == "/initialize") {
        return Target{.call = Call::initialize};
    }
    const auto slash = rest.find('/', 1);
    const std::string_view action =
        slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    if (action != "/append" && action != "/finalize") {
        return Error{
            .code = ErrorCode::unknown_path,
            .facts = unknown_path_facts(std::string(root) + std::string(rest)) + " Below " +
                     std::string(root) + " are /initialize, /{id}/append and /{id}/finalize.",
        };
    }
    return Target{
        .call = action == "/append" ? Call::append : Call::finalize,
        .id_text = std::string(rest.substr(1, slash - 1)),
    };
}

Result<Endpoint::Target> Endpoint::target_of(const http::Request& request) {
    const std::string_view rest = path_below_root(request);
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (rest.empty()) {
        if (is_get) {
            return Target{.call = Call::status};
        }
        return request.method == "POST" ? Result<Target>(Target{.call = Call::one_shot})
                                        : wrong_method(request);
    }
    auto target = target_of_path(rest);
    if (target && request.method != "POST") {
        return wrong_method(request);
    }
    return target;
}

// The older form: everything is POST /2/media/upload with command=. On the other paths the path is
// the call, and a command beside it is let be.
Result<Endpoint::Target> Endpoint::by_command(
    Target target, const http::Request& request, const ReceivedForm& form
) {
    if (!path_below_root(request).empty()) {
        return target;
    }
    const bool is_get = target.call == Call::status;
    const auto command =
        command_of(form, {.is_get = is_get, .get_means_status = true, .status_path = status_path});
    if (!command) {
        return command.error();
    }
    static constexpr std::array calls{
        Call::one_shot, Call::initialize, Call::append, Call::finalize, Call::status
    };
    target.call = calls[static_cast<std::size_t>(*command)];
    target.is_command_form = form.parameters.has("command");
    return target;
}

// Only what waits is a coroutine: thousands stand in the middle of a body.
awaitable<ResponsePtr> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    exchange.protocol = "x2";
    auto target = target_of(exchange.request);
    if (!target) {
        auto response = refused(target.error(), exchange.request, context_.fidelity);
        response.route = "x2.unknown";
        return http::answered(std::move(response));
    }
    if (auto admitted = admit(exchange, *target); !admitted) {
        return http::answered(refused(admitted.error(), exchange.request, context_.fidelity));
    }
    return serve(exchange, body, *std::move(target));
}

std::optional<Response> Endpoint::at_once(Exchange& exchange, MediaId id) const {
    if (!path_below_root(exchange.request).empty()) {
        return std::nullopt;
    }
    exchange.protocol = "x2";
    Target target{.call = Call::status};
    const auto done =
        admit(exchange, target) ? x_status_at_once(context_, exchange, id) : std::nullopt;
    if (!done) {
        return std::nullopt;
    }
    auto response = told(exchange, *done, 200, false);
    response.route = "x2.status";
    return response;
}

Result<void> Endpoint::admit(Exchange& exchange, Target& target) {
    const auto owner = authorize(exchange, Scope::media_write);
    note_auth(exchange);
    if (!owner) {
        return owner.error();
    }
    if (!target.id_text.empty()) {
        const auto id = media_id_of(target.id_text, false);
        if (!id) {
            return id.error();
        }
        target.id = *id;
    }
    if (target.id) {
        exchange.call = target.call == Call::append ? "APPEND" : "FINALIZE";
        exchange.media_id = target.id;
    }
    return ok();
}

// FINALIZE and STATUS by path take no body: whatever comes (a JSON Content-Type with nothing behind
// it) is let be.
awaitable<Result<ReceivedFormPtr>> Endpoint::receive(
    Exchange& exchange, http::BodyReader& body, const Target& target
) const {
    Parameters already;
    if (target.id) {
        static_cast<void>(already.add("media_id", target.id_text, Parameters::Place::path));
    }
    const auto append_id = target.call == Call::append ? target.id : std::nullopt;
    auto opener = media_opener(context_, exchange, append_id);
    return receive_form(context_, exchange, body, std::move(already), std::move(opener));
}

awaitable<ResponsePtr> Endpoint::serve(Exchange& exchange, http::BodyReader& body, Target named)
    const {
    auto form = named.id ? Result<ReceivedFormPtr>(nullptr) : receive_query(exchange);
    if (form && *form == nullptr) {
        form = co_await receive(exchange, body, named);
    }
    // Made now, since the frame stands here for as long as the body comes.
    auto response = std::make_unique<Response>();
    co_await answer(exchange, named, form, *response);
    co_return response;
}

awaitable<void> Endpoint::answer(
    Exchange& exchange, Target& named, Result<ReceivedFormPtr>& form, Response& response
) const {
    if (!form) {
        response = refused(form.error(), exchange.request, context_.fidelity);
        response.route = routes[static_cast<std::size_t>(named.call)];
        co_return;
    }
    const auto target = by_command(std::move(named), exchange.request, **form);
    if (target) {
        response = co_await run(exchange, *target, **form);
    } else {
        const Error error = co_await x_with_state(context_, exchange, target.error());
        response = refused(error, exchange.request, context_.fidelity);
    }
    response.route = target ? routes[static_cast<std::size_t>(target->call)] : "x2.unknown";
}

awaitable<Response> Endpoint::run(Exchange& exchange, Target target, ReceivedForm& form) const {
    if (target.call == Call::initialize) {
        auto created = co_await x_initialize(context_, exchange, form);
        const int status_code = target.is_command_form ? 202 : 200;
        if (!created) {
            co_return refused(created.error(), exchange.request, context_.fidelity);
        }
        auto response = initialized(*created, context_.uploads.now(), status_code);
        add_notice_headers(response, *created, exchange.request);
        co_return response;
    }
    if (target.call == Call::append) {
        auto done = co_await x_append(context_, exchange, target.id, form);
        if (!done) {
            co_return refused(done.error(), exchange.request, context_.fidelity);
        }
        co_return target.is_command_form ? appended_by_command() : appended(*done);
    }
    if (target.call == Call::one_shot) {
        if (lacks_category(form)) {
            const Error error = category_needed(form);
            co_return refused(error, exchange.request, context_.fidelity);
        }
        auto done = co_await x_one_shot(context_, exchange, form);
        co_return done ? media_answer(
                             *done,
                             context_.uploads.now(),
                             200,
                             shows_processing(*done),
                             exchange.request.base_url
                         )
                       : refused(done.error(), exchange.request, context_.fidelity);
    }
    co_return co_await run_on_media(exchange, target, form);
}

awaitable<Response> Endpoint::run_on_media(
    Exchange& exchange, Target target, const ReceivedForm& form
) const {
    const auto id = target.id ? Result<MediaId>(*target.id)
                              : media_id_of(form.parameters.get("media_id"), true);
    if (!id) {
        const Error error = with_place_of_id(id.error(), exchange.request, form.parameters);
        co_return refused(error, exchange.request, context_.fidelity);
    }
    const bool finalizes = target.call == Call::finalize;
    Result<UploadStatus> done = Error{};
    if (finalizes) {
        done = co_await x_finalize(context_, exchange, *id, form.parameters);
    } else {
        done = co_await x_status(context_, exchange, *id);
    }
    co_return told(exchange, done, finalizes && target.is_command_form ? 201 : 200, finalizes);
}

Response Endpoint::told(
    const Exchange& exchange, const Result<UploadStatus>& done, int status_code, bool finalizes
) const {
    const http::Request& request = exchange.request;
    if (!done) {
        return refused(done.error(), request, context_.fidelity);
    }
    auto response = media_answer(
        *done,
        now_of(context_, exchange),
        status_code,
        !finalizes || shows_processing(*done),
        request.base_url
    );
    add_notice_headers(response, done->upload, request);
    return response;
}

}  // namespace sluice::protocol::x_v2
