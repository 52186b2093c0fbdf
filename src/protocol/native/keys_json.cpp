#include "protocol/native/keys_json.hpp"

#include "base/json_writer.hpp"

namespace sluice::protocol::native {
namespace {

void append_time(JsonWriter& json, std::string_view name, const std::optional<WallTime>& time) {
    json.key(name);
    if (time) {
        json.value(rfc3339(*time));
    } else {
        json.null();
    }
}

void append_members(JsonWriter& json, const AccessKey& key) {
    json.member("id", key.id.text())
        .member("name", key.name)
        .member("user_id", std::to_string(key.user_id))
        .member("app_name", key.app_name)
        .key("scopes")
        .begin_array();
    for (const std::string_view scope : names_of(key.scopes)) {
        json.value(scope);
    }
    json.end_array().member("created_at", rfc3339(key.created_at));
    append_time(json, "expires_at", key.expires_at);
    append_time(json, "revoked_at", key.revoked_at);
}

}  // namespace

std::string key_json(const AccessKey& key) {
    JsonWriter json;
    json.begin_object();
    append_members(json, key);
    json.end_object();
    return json.take();
}

std::string keys_json(const std::vector<AccessKey>& keys) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const AccessKey& key : keys) {
        json.begin_object();
        append_members(json, key);
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

std::string issued_json(const IssuedKey& issued) {
    JsonWriter json;
    json.begin_object();
    append_members(json, issued.key);
    json.member("bearer_token", issued.bearer_token)
        .member("app_bearer_token", issued.app_bearer_token)
        .member("consumer_key", issued.consumer_key)
        .member("consumer_secret", issued.consumer_secret)
        .member("access_token", issued.access_token)
        .member("access_token_secret", issued.access_token_secret)
        .end_object();
    return json.take();
}

}  // namespace sluice::protocol::native
