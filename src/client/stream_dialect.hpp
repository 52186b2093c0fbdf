// The calls of resumable uploads in the words of tus 1.0.0 and of the resumable uploads of HTTP (RUFH,
// draft-ietf-httpbis-resumable-upload). Pure: makes requests, sends none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/dialect.hpp"
#include "client/transport.hpp"

namespace sluice::client {

struct StreamFacts {
    InitFacts init;
    std::string file_name;
    // Lets the server tell a repeated creation from a second one.
    std::string idempotency_key;
};

class StreamDialect {
  public:
    virtual ~StreamDialect() = default;
    virtual HttpRequest create(const StreamFacts& facts) const = 0;
    virtual HttpRequest look(const std::string& url) const = 0;
    virtual HttpRequest append(const std::string& url, FileSlice slice, bool is_last) const = 0;
    // The end must be said, also when every byte is there; without it the last byte is the end.
    virtual bool says_its_end() const = 0;
    // Where uploads are made.
    virtual std::string collection() const = 0;
};

// `server` without a slash at its end.
std::unique_ptr<StreamDialect> make_tus(std::string server);
std::unique_ptr<StreamDialect> make_rufh(std::string server);

// A Location as an absolute URL. Nothing if it leads to another host: a credential goes only where it
// was to be sent.
std::optional<std::string> resolve_location(std::string_view base, std::string_view location);

}  // namespace sluice::client
