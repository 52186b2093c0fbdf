#include "protocol/x_v1/endpoint.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/common/x_calls.hpp"
#include "protocol/x_v1/encode.hpp"

namespace sluice::protocol::x_v1 {
namespace {

using boost::asio::awaitable;
using http::Response;

constexpr std::array<std::string_view, 4> commands{"INIT", "APPEND", "FINALIZE", "STATUS"};

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

// FINALIZE and STATUS also take the media_key, as X's older documents say.
Result<MediaId> id_or_key(const Parameters& parameters) {
    const bool has_id = parameters.has("media_id");
    return media_id_of(parameters.get(has_id ? "media_id" : "media_key"), true);
}

// The id in a call that is refused for another reason, so that the answer can name the next call.
std::uint64_t id_mentioned(const Parameters& parameters) {
    const auto id = media_id_of(parameters.get("media_id"), true);
    return id ? id->value : 0;
}

Error wrong_command(std::string_view command, const Parameters& parameters) {
    const std::string upper = upper_case(command);
    const bool is_a_matter_of_case = std::ranges::find(commands, upper) != commands.end();
    std::string facts = "command is \"" + printable(command) + "\"; ";
    facts += is_a_matter_of_case ? "write " + upper + "."
                                 : "known are INIT, APPEND, FINALIZE and STATUS.";
    if (const auto nearest = nearest_word(command, commands); nearest && !is_a_matter_of_case) {
        facts += " Did you mean " + std::string(*nearest) + "?";
    }
    return {
        .code = is_a_matter_of_case ? ErrorCode::command_case : ErrorCode::command_unknown,
        .facts = std::move(facts),
        .media_id = id_mentioned(parameters),
    };
}

// A call without command is an upload in one call, unless it has what only the commands take.
bool belongs_to_a_chunked_upload(const Parameters& parameters) {
    return parameters.has("media_id") || parameters.has("segment_index") ||
           parameters.has("total_bytes");
}

Error no_command(const ReceivedForm& form) {
    return {
        .code = ErrorCode::command_missing,
        .facts = "media_id, segment_index or total_bytes came without a command. Received: " +
                 form.parameters.listed() + ".",
        .media_id = id_mentioned(form.parameters),
    };
}

}  // namespace

awaitable<Response> Endpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (!is_get && request.method != "POST") {
        const Error error{
            .code = ErrorCode::method_not_allowed,
            .facts = "The method is " + printable(request.method, 20) + "."
        };
        co_return refused(error, request, context_.fidelity);
    }
    auto owner = identify(exchange);
    if (!owner) {
        co_return refused(owner.error(), request, context_.fidelity);
    }
    auto opener = media_opener(context_, *owner, std::nullopt);
    auto form = co_await receive_form(context_, exchange, body, {}, std::move(opener));
    if (!form) {
        auto response = refused(form.error(), request, context_.fidelity);
        response.route = "x1.unreadable";
        co_return response;
    }
    if (is_get) {
        co_return co_await get(exchange, std::move(*form));
    }
    co_return co_await post(exchange, std::move(*form));
}

awaitable<Response> Endpoint::get(Exchange& exchange, ReceivedForm form) const {
    const std::string command(form.parameters.get("command"));
    std::optional<Error> wrong;
    if (command.empty()) {
        wrong = no_command(form);
    } else if (command == "INIT" || command == "APPEND" || command == "FINALIZE") {
        wrong =
            Error{.code = ErrorCode::command_needs_post, .facts = command + " was sent with GET."};
    } else if (command != "STATUS") {
        wrong = wrong_command(command, form.parameters);
    }
    if (wrong) {
        co_return refused(*wrong, exchange.request, context_.fidelity);
    }
    co_return co_await run(exchange, command, std::move(form));
}

awaitable<Response> Endpoint::post(Exchange& exchange, ReceivedForm form) const {
    std::string command(form.parameters.get("command"));
    std::optional<Error> wrong;
    if (command.empty() && belongs_to_a_chunked_upload(form.parameters)) {
        wrong = no_command(form);
    } else if (command == "STATUS") {
        wrong = Error{
            .code = ErrorCode::status_needs_get,
            .facts = "STATUS was sent with POST.",
            .media_id = id_mentioned(form.parameters),
        };
    } else if (!command.empty() && std::ranges::find(commands, command) == commands.end()) {
        wrong = wrong_command(command, form.parameters);
    }
    if (wrong) {
        co_return refused(*wrong, exchange.request, context_.fidelity);
    }
    co_return co_await run(exchange, std::move(command), std::move(form));
}

awaitable<Response> Endpoint::run(Exchange& exchange, std::string command, ReceivedForm form)
    const {
    if (command == "FINALIZE") {
        co_return co_await finalize(exchange, std::move(form));
    }
    if (command == "STATUS") {
        co_return co_await status(exchange, std::move(form));
    }
    Response response;
    if (command == "INIT") {
        auto created = co_await x_initialize(context_, exchange, std::move(form));
        response = created ? initialized(*created, context_.uploads.now())
                           : refused(created.error(), exchange.request, context_.fidelity);
        response.route = "x1.init";
    } else if (command == "APPEND") {
        auto done = co_await x_append(context_, exchange, std::nullopt, std::move(form));
        response = done ? appended() : refused(done.error(), exchange.request, context_.fidelity);
        response.route = "x1.append";
    } else {
        auto done = co_await x_one_shot(context_, exchange, std::move(form));
        response = done ? finalized(*done, context_.uploads.now(), 200)
                        : refused(done.error(), exchange.request, context_.fidelity);
        response.route = "x1.one_shot";
    }
    co_return response;
}

awaitable<Response> Endpoint::finalize(Exchange& exchange, ReceivedForm form) const {
    const auto id = id_or_key(form.parameters);
    auto done = id ? co_await x_finalize(context_, exchange, *id, form.parameters)
                   : Result<UploadStatus>(id.error());
    auto response = done ? finalized(*done, context_.uploads.now(), 201)
                         : refused(done.error(), exchange.request, context_.fidelity);
    response.route = "x1.finalize";
    co_return response;
}

awaitable<Response> Endpoint::status(Exchange& exchange, ReceivedForm form) const {
    const auto id = id_or_key(form.parameters);
    auto done = id ? co_await x_status(context_, exchange, *id) : Result<UploadStatus>(id.error());
    auto response = done ? status_answer(*done, context_.uploads.now())
                         : refused(done.error(), exchange.request, context_.fidelity);
    response.route = "x1.status";
    co_return response;
}

}  // namespace sluice::protocol::x_v1
