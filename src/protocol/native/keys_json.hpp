// Keys as JSON: of the native API and of `sluice keys`, which says the same without a server.
#pragma once

#include <string>
#include <vector>

#include "service/keys.hpp"

namespace sluice::protocol::native {

std::string key_json(const AccessKey& key);
// {"data":[…]}
std::string keys_json(const std::vector<AccessKey>& keys);
// With the credentials: shown once.
std::string issued_json(const IssuedKey& issued);

}  // namespace sluice::protocol::native
