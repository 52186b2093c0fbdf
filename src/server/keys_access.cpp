#include "server/keys_access.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "client/answer.hpp"
#include "client/curl_transport.hpp"
#include "protocol/native/keys_json.hpp"
#include "server/stores.hpp"
#include "store/disk/data_directory.hpp"
#include "store/disk/key_file.hpp"

namespace sluice::server {
namespace {

using client::Failure;
using client::FailureKind;
using client::Outcome;
using protocol::native::issued_json;
using protocol::native::key_json;
using protocol::native::keys_json;

// Ids of keys that the command makes; the server's are of shard 1.
constexpr std::uint16_t id_shard = 2;

Failure failure_of(const Error& error) {
    const bool is_absent = error.code == ErrorCode::key_unknown;
    const bool is_usage = error.code == ErrorCode::parameter_invalid;
    return {
        .kind = is_absent  ? FailureKind::not_found
                : is_usage ? FailureKind::usage
                           : FailureKind::local,
        .code = is_absent  ? "key_unknown"
                : is_usage ? "parameter_invalid"
                           : "data_directory",
        .message = error.facts.empty() ? error.detail : error.facts,
    };
}

class InDirectory final : public KeysAccess {
  public:
    InDirectory(std::unique_ptr<KeyStore> store, SecretBox box)
        : store_(std::move(store)), keys_(*store_, std::move(box), clock_, ids_) {}

    Result<void> begin() { return keys_.begin(); }
    Outcome<std::string> create(const NewKey& wanted) override {
        return said(keys_.create(wanted), issued_json);
    }
    Outcome<std::string> list() override { return said(keys_.list(), keys_json); }
    Outcome<std::string> revoke(KeyId id) override { return said(keys_.revoke(id), key_json); }
    Outcome<std::string> rotate(KeyId id) override { return said(keys_.rotate(id), issued_json); }

  private:
    template <class T>
    static Outcome<std::string> said(const Result<T>& result, std::string (*to_json)(const T&)) {
        return result ? Outcome<std::string>(to_json(*result)) : failure_of(result.error());
    }

    SystemClock clock_;
    IdSource ids_{clock_, id_shard};
    std::unique_ptr<KeyStore> store_;
    Keys keys_;
};

class OverApi final : public KeysAccess {
  public:
    OverApi(std::string server, std::string token)
        : root_(std::move(server) + "/api/v1/keys"), token_(std::move(token)) {}

    Outcome<std::string> create(const NewKey& wanted) override {
        JsonWriter json;
        json.begin_object().member("name", wanted.name).member("app_name", wanted.app_name);
        json.member("scopes", listed(wanted.scopes));
        if (wanted.user_id != 0) {
            json.member("user_id", std::to_string(wanted.user_id));
        }
        if (wanted.lifetime) {
            json.member("expires_in_secs", wanted.lifetime->count());
        }
        json.end_object();
        return call("POST", root_, json.take());
    }
    Outcome<std::string> list() override { return call("GET", root_); }
    Outcome<std::string> revoke(KeyId id) override {
        return call("POST", root_ + "/" + id.text() + "/revoke");
    }
    Outcome<std::string> rotate(KeyId id) override {
        return call("POST", root_ + "/" + id.text() + "/rotate");
    }

  private:
    Outcome<std::string> call(std::string method, std::string url, std::string body = "") {
        client::HttpRequest request{
            .method = std::move(method), .url = std::move(url), .body = std::move(body)
        };
        if (!token_.empty()) {
            request.headers.emplace_back("Authorization", "Bearer " + token_);
        }
        if (!request.body.empty()) {
            request.headers.emplace_back("Content-Type", "application/json");
        }
        const auto answer = transport_.exchange(request, stop_);
        if (!answer) {
            return Failure{
                .kind = FailureKind::temporary,
                .code = "no_answer",
                .message = answer.error().text,
            };
        }
        return answer->status < 300 ? Outcome<std::string>(answer->body)
                                    : client::failure_from(*answer);
    }

    const std::string root_;
    const std::string token_;
    const client::StopFlag stop_ = false;
    client::CurlTransport transport_;
};

}  // namespace

Outcome<std::unique_ptr<KeysAccess>> open_directory(
    const std::string& database, const std::string& data, const std::string& key_file
) {
    if (auto made = make_data_directory(data); !made) {
        return failure_of(made.error());
    }
    auto key = read_or_make_key_file(key_file);
    if (!key) {
        return failure_of(key.error());
    }
    auto store = open_keys(database, data);
    if (!store) {
        return failure_of(store.error());
    }
    auto access = std::make_unique<InDirectory>(*std::move(store), SecretBox(*std::move(key)));
    if (auto begun = access->begin(); !begun) {
        return failure_of(begun.error());
    }
    return access;
}

std::unique_ptr<KeysAccess> over_api(std::string server, std::string token) {
    return std::make_unique<OverApi>(std::move(server), std::move(token));
}

}  // namespace sluice::server
