// The two ways to the keys of a server: its data directory, or its native API. Both say the same
// JSON.
#pragma once

#include <memory>
#include <string>

#include "client/outcome.hpp"
#include "service/keys.hpp"

namespace sluice::server {

class KeysAccess {
  public:
    virtual ~KeysAccess() = default;
    virtual client::Outcome<std::string> create(const NewKey& wanted) = 0;
    virtual client::Outcome<std::string> list() = 0;
    virtual client::Outcome<std::string> revoke(KeyId id) = 0;
    virtual client::Outcome<std::string> rotate(KeyId id) = 0;
};

// Opens (or makes) the database, "sqlite" for the directory's own, and the key file; the server that
// runs there is not disturbed.
client::Outcome<std::unique_ptr<KeysAccess>> open_directory(
    const std::string& database, const std::string& data, const std::string& key_file
);
std::unique_ptr<KeysAccess> over_api(std::string server, std::string token);

}  // namespace sluice::server
