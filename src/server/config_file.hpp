// Reads a TOML file into flat settings: [server] data = "x" is server.data. Parsing is toml++'s
// work.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace sluice::server {

struct ConfigEntry {
    std::string key;
    std::string value;   // numbers and booleans as text; an array gives an entry per element
    std::string origin;  // "sluice.toml:3"
};

// The error is a whole sentence with file and line.
std::expected<std::vector<ConfigEntry>, std::string> read_config_file(const std::string& path);

}  // namespace sluice::server
