// The call that a caller should make next, as data: it runs as printed. Credentials are never
// printed; a caller who sent some finds the place where they go as a shell variable.
#pragma once

#include <cstdint>
#include <string>

#include "base/json_writer.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

struct NextCall {
    std::string_view method;  // a literal
    std::string url;          // absolute
};

// DELETE of the native API: ends an upload and frees what it reserves.
NextCall cancel_call(std::uint64_t media_id, const http::Request& request);

// The member "next" of an error: method, url and a curl line; null: there is none. What it is made of outlives it.
class NextInJson {
  public:
    NextInJson(const std::optional<NextCall>& next, const http::Request& request);
    std::size_t bytes_max() const;
    void put(RawText& out) const;

  private:
    std::string_view method_;  // empty: there is none
    std::string_view credentials_;
    std::string quoted_;  // if it needs more than to stand between quotes
    JsonText url_;
    JsonText quoted_url_;
};

}  // namespace sluice::protocol
