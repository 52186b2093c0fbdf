#include "service/keys.hpp"

#include <utility>

#include "base/digest.hpp"
#include "base/hmac.hpp"

namespace sluice {
namespace {

constexpr std::size_t name_length_max = 100;
// 43 characters of 62 are 256 bits.
constexpr std::size_t token_length = 43;

Error unknown(KeyId id) {
    return {
        .code = ErrorCode::key_unknown,
        .facts = "There is no key " + id.text() + ".",
    };
}

std::string label(KeyId id, std::string_view what) {
    return "key " + id.text() + " " + std::string(what);
}

// Of the memory's key, so that a digest is never taken for a consumer key.
std::string bearer_handle(const std::string& digest) {
    return "b:" + digest;
}
std::string consumer_handle(const std::string& consumer_key) {
    return "c:" + consumer_key;
}

bool is_printable(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return true;
}

Result<void> check_name(const std::string& name, std::string_view what) {
    if (name.size() <= name_length_max && is_printable(name)) {
        return ok();
    }
    return Error{
        .code = ErrorCode::parameter_invalid,
        .facts = std::string(what) + " must have at most 100 bytes and no control characters.",
    };
}

}  // namespace

Keys::Keys(KeyStore& store, SecretBox box, const Clock& clock, IdSource& ids)
    : store_(store), box_(std::move(box)), clock_(clock), ids_(ids) {}

Result<void> Keys::begin() {
    const auto all = store_.list();
    if (!all) {
        return all.error();
    }
    for (const AccessKey& key : *all) {
        ids_.begin_after(key.id.value);
    }
    return ok();
}

Result<IssuedKey> Keys::create(const NewKey& wanted) {
    if (wanted.name.empty()) {
        return Error{.code = ErrorCode::parameter_invalid, .facts = "A key needs a name."};
    }
    if (auto checked = check_name(wanted.name, "The name of a key"); !checked) {
        return std::move(checked).error();
    }
    if (auto checked = check_name(wanted.app_name, "The name of an app"); !checked) {
        return std::move(checked).error();
    }
    AccessKey key{
        .id = {ids_.next()},
        .name = wanted.name,
        .user_id = wanted.user_id == 0 ? ids_.next() : wanted.user_id,
        .app_name = wanted.app_name.empty() ? wanted.name : wanted.app_name,
        .scopes = wanted.scopes,
        .created_at = clock_.now(),
    };
    if (wanted.lifetime) {
        key.expires_at = key.created_at + *wanted.lifetime;
    }
    IssuedKey issued = issue(std::move(key));
    if (auto created = store_.create(sealed(issued)); !created) {
        return std::move(created).error();
    }
    return issued;
}

IssuedKey Keys::issue(AccessKey key) const {
    const std::string user = std::to_string(key.user_id);
    return {
        .key = std::move(key),
        .bearer_token = "slc_" + random_word(token_length),
        .app_bearer_token = "slc_app_" + random_word(token_length),
        .consumer_key = random_word(25),  // the length of X's
        .consumer_secret = random_word(50),
        .access_token = user + "-" + random_word(40),
        .access_token_secret = random_word(45),
    };
}

StoredKey Keys::sealed(const IssuedKey& issued) const {
    const KeyId id = issued.key.id;
    return {
        .key = issued.key,
        .credentials =
            {.bearer_digest = sha256_hex(issued.bearer_token),
             .app_bearer_digest = sha256_hex(issued.app_bearer_token),
             .consumer_key = issued.consumer_key,
             .consumer_secret = box_.seal(issued.consumer_secret, label(id, "consumer")),
             .access_token = issued.access_token,
             .access_token_secret = box_.seal(issued.access_token_secret, label(id, "token"))},
    };
}

Result<std::vector<AccessKey>> Keys::list() {
    return store_.list();
}

Result<AccessKey> Keys::revoke(KeyId id) {
    auto revoked = store_.revoke(id, clock_.now());
    forget_all();
    if (!revoked) {
        const bool is_absent = revoked.error().code == ErrorCode::store_not_found;
        return is_absent ? unknown(id) : std::move(revoked).error();
    }
    auto found = store_.find(id);
    return found ? Result<AccessKey>(found->key) : std::move(found).error();
}

Result<IssuedKey> Keys::rotate(KeyId id) {
    auto found = store_.find(id);
    if (!found) {
        const bool is_absent = found.error().code == ErrorCode::store_not_found;
        return is_absent ? unknown(id) : std::move(found).error();
    }
    IssuedKey issued = issue(found->key);
    auto replaced = store_.replace_credentials(id, sealed(issued).credentials);
    forget_all();
    return replaced ? Result<IssuedKey>(std::move(issued)) : std::move(replaced).error();
}

std::optional<KnownKeyPtr> Keys::cached_bearer(const std::string& digest) {
    return cached(bearer_handle(digest));
}

std::optional<KnownKeyPtr> Keys::cached_consumer(const std::string& consumer_key) {
    return cached(consumer_handle(consumer_key));
}

Result<KnownKeyPtr> Keys::find_bearer(const std::string& digest) {
    return remember(bearer_handle(digest), store_.find_by_bearer(digest));
}

Result<KnownKeyPtr> Keys::find_consumer(const std::string& consumer_key) {
    return remember(consumer_handle(consumer_key), store_.find_by_consumer(consumer_key));
}

Result<KnownKeyPtr> Keys::opened(const StoredKey& stored) const {
    const KeyId id = stored.key.id;
    auto consumer_secret = box_.open(stored.credentials.consumer_secret, label(id, "consumer"));
    if (!consumer_secret) {
        return std::move(consumer_secret).error();
    }
    auto token_secret = box_.open(stored.credentials.access_token_secret, label(id, "token"));
    if (!token_secret) {
        return std::move(token_secret).error();
    }
    return std::make_shared<const KnownKey>(KnownKey{
        .key = stored.key,
        .app_bearer_digest = stored.credentials.app_bearer_digest,
        .access_token = stored.credentials.access_token,
        .consumer_secret = std::move(*consumer_secret),
        .access_token_secret = std::move(*token_secret),
    });
}

// Only what is there is remembered: a key that was just made is known at once.
Result<KnownKeyPtr> Keys::remember(const std::string& handle, const Found& found) {
    if (!found) {
        if (found.error().code != ErrorCode::store_not_found) {
            return found.error();
        }
        const std::scoped_lock lock(mutex_);
        cache_.erase(handle);  // another process has taken it back
        return KnownKeyPtr();
    }
    auto key = opened(*found);
    if (!key) {
        return key;
    }
    const std::scoped_lock lock(mutex_);
    if (cache_.size() >= cached_max) {
        cache_.clear();
    }
    cache_.insert_or_assign(handle, Cached{*key, clock_.now() + cache_time});
    return key;
}

std::optional<KnownKeyPtr> Keys::cached(const std::string& handle) {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(handle);
    if (found == cache_.end() || found->second.until <= clock_.now()) {
        return std::nullopt;
    }
    return found->second.key;
}

KnownKeyPtr Keys::known_of_late(const std::string& digest) {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(bearer_handle(digest));
    const bool is_known =
        found != cache_.end() && clock_.now() < found->second.until + (late_time - cache_time);
    return is_known ? found->second.key : nullptr;
}

void Keys::forget_all() {
    const std::scoped_lock lock(mutex_);
    cache_.clear();
}

}  // namespace sluice
