// What v1.1's stand-ins for posts and messages answer: X's shapes as far as clients read them.
#pragma once

#include <string>
#include <vector>

#include "core/principal.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "service/annotations.hpp"

namespace sluice::protocol {
class UrlSigner;
}

namespace sluice::protocol::x_v1 {

struct Post {
    std::uint64_t id = 0;
    std::string text;
    Identity author;
    std::vector<Medium> media;
    WallTime at;
    const UrlSigner* signer = nullptr;  // of the addresses of its media
};

http::Response post_answer(const Post& post, const http::Request& request);
http::Response message_answer(
    const Post& message, const std::string& recipient, const http::Request& request
);
http::Response account_answer(const Identity& account);

}  // namespace sluice::protocol::x_v1
