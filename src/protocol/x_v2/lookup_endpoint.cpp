#include "protocol/x_v2/lookup_endpoint.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/media_view.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/x_v2/encode.hpp"
#include "protocol/x_v2/encode_media.hpp"

namespace sluice::protocol::x_v2 {
namespace {

using boost::asio::awaitable;
using http::Response;
using Texts = std::vector<std::string>;

constexpr std::string_view root = "/2/media";
constexpr std::size_t keys_max = 100;

constexpr std::array<std::string_view, 13> known_fields{
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
};

Texts split(std::string_view text) {
    Texts parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view part = trim(text.substr(0, comma));
        if (!part.empty()) {
            parts.emplace_back(part);
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

Result<Texts> fields_of(const Parameters& parameters) {
    Texts fields = split(parameters.get("media.fields"));
    for (const std::string& field : fields) {
        if (std::ranges::find(known_fields, field) != known_fields.end()) {
            continue;
        }
        const auto nearest = nearest_word(field, known_fields);
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "media.fields has \"" + printable(field, 40) + "\"" +
                     (nearest ? ". Did you mean " + std::string(*nearest) + "?"
                              : ", which is no field of a medium."),
        };
    }
    return fields;
}

Error invalid_key(const std::string& key, std::string_view parameter) {
    return {
        .code = ErrorCode::media_key_invalid,
        .facts = std::string(parameter) + " is \"" + printable(key, 60) +
                 "\"; expected is the number of the category, '_' and the id, as in "
                 "7_1349803915521482754.",
    };
}

Result<Texts> keys_of(const Parameters& parameters) {
    Texts keys = split(parameters.get("media_keys"));
    if (keys.empty()) {
        return Error{
            .code = ErrorCode::parameter_missing,
            .facts = "media_keys is missing: 1 to 100 keys, separated by commas. Received: " +
                     parameters.listed() + ".",
        };
    }
    if (keys.size() > keys_max) {
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "media_keys has " + std::to_string(keys.size()) + " keys, 100 are allowed.",
        };
    }
    return keys;
}

bool is_unknown(ErrorCode code) {
    return code == ErrorCode::media_unknown || code == ErrorCode::media_expired ||
           code == ErrorCode::media_canceled;
}

}  // namespace

bool LookupEndpoint::serves(std::string_view path) {
    return path == root || path.starts_with(std::string(root) + "/");
}

awaitable<Response> LookupEndpoint::handle(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    exchange.call = "LOOK_UP";
    if (request.method != "GET" && request.method != "HEAD") {
        co_return not_allowed(request, context_.fidelity, "GET");
    }
    auto done = within_rate(exchange, co_await run(exchange));
    Response response = done ? std::move(*done) : refused(done.error(), request, context_.fidelity);
    response.route = "x2.look_up";
    co_return response;
}

// As for STATUS: what is wrong with the call is told for ever, a key of nobody within the rate.
Result<Response> LookupEndpoint::within_rate(Exchange& exchange, Result<Response> done) const {
    const RateGate gate(context_, exchange);
    if (!done) {
        return is_unknown(done.error().code) ? gate.admit_refused(std::move(done).error())
                                             : std::move(done);
    }
    auto admitted = gate.admit();
    return admitted ? std::move(done) : std::move(admitted).error();
}

awaitable<Result<Response>> LookupEndpoint::run(Exchange& exchange) const {
    auto caller = authorize(exchange, Scope::tweet_read);
    if (!caller) {
        co_return std::move(caller).error();
    }
    Parameters parameters;
    if (auto added = parameters.add_query(exchange.request.raw_query); !added) {
        co_return std::move(added).error();
    }
    auto fields = fields_of(parameters);
    if (!fields) {
        co_return std::move(fields).error();
    }
    const std::string_view path = exchange.request.path;
    if (path != root && path != "/2/media/analytics") {
        co_return co_await one(
            exchange, std::string(path.substr(root.size() + 1)), std::move(*fields)
        );
    }
    auto keys = keys_of(parameters);
    if (!keys) {
        co_return std::move(keys).error();
    }
    if (path != root) {
        co_return no_analytics();
    }
    co_return co_await several(exchange, std::move(*keys), std::move(*fields));
}

// A plain id in the place of a key is told the key that belongs to it, if it is the caller's.
awaitable<Result<Medium>> LookupEndpoint::find(
    Exchange& exchange, std::string key, std::string_view parameter
) const {
    const auto id = parse_media_key(key);
    const auto plain = MediaId::parse(key);
    if (!id && !plain) {
        co_return invalid_key(key, parameter);
    }
    auto medium = co_await x_look_up(context_, exchange, id ? *id : *plain);
    if (!id) {
        co_return Error{
            .code = ErrorCode::media_id_as_key,
            .facts = std::string(parameter) + " is \"" + key + "\", a media id; " +
                     (medium ? "its media_key is " + medium->details.status.upload.media_key() + "."
                             : "a media_key has the number of the category and '_' before it."),
            .media_id = plain->value,
        };
    }
    if (medium && medium->details.status.upload.media_key() != key) {
        co_return Error{
            .code = ErrorCode::media_unknown,
            .facts = "No medium " + key + " exists for these credentials; the id is that of " +
                     medium->details.status.upload.media_key() + ".",
            .media_id = id->value,
        };
    }
    co_return medium;
}

awaitable<Result<Response>> LookupEndpoint::one(Exchange& exchange, std::string key, Texts fields)
    const {
    auto medium = co_await find(exchange, std::move(key), "media_key");
    if (!medium) {
        co_return std::move(medium).error();
    }
    co_return one_answer(view_of(*medium, exchange.request, context_.url_signer), fields);
}

awaitable<Result<Response>> LookupEndpoint::several(Exchange& exchange, Texts keys, Texts fields)
    const {
    std::vector<MediaView> views;
    std::vector<NotFound> missing;
    for (const std::string& key : keys) {
        auto medium = co_await find(exchange, key, "media_keys");
        if (medium) {
            views.push_back(view_of(*medium, exchange.request, context_.url_signer));
        } else if (is_unknown(medium.error().code)) {
            missing.push_back({key, "media_keys"});
        } else {
            co_return std::move(medium).error();
        }
    }
    co_return list_answer(views, missing, fields);
}

}  // namespace sluice::protocol::x_v2
