// One connection of HTTP/1.1 to a server on loopback. Bodies come from Content by sendfile(), so
// that the client costs little.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "loadgen/content.hpp"
#include "loadgen/loop.hpp"

namespace sluice::bench {

struct Target {
    std::uint16_t port = 0;
    std::string path;          // of the URL
    std::string more_headers;  // each line with its CRLF
};

struct Answer {
    int status = 0;
    std::string head;  // the lines after the first
    std::string body;
    bool was_early = false;  // came before the request had been sent

    std::string header(std::string_view name) const;  // empty if absent
};

// The connection broke. Not a refusal: those are answers.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Request {
    std::string head;  // with the empty line, and what stands before the content
    Extent content;    // may be empty
    std::string tail;
    bool is_head = false;  // HEAD: no body comes back
};

class Connection {
  public:
    // Takes a body piece by piece instead of Answer::body.
    using Sink = std::function<void(std::span<const char>)>;

    Connection(Loop& loop, const Target& target, Content& content)
        : loop_(loop), target_(target), content_(content) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    bool is_open() const { return socket_ >= 0; }
    void close();
    Task<> connect();

    // Connects if need be. Throws Broken.
    Task<Answer> ask(const Request& request, const Sink& sink = {});
    // The request's first bytes and no more: its head and `count` bytes of its content.
    Task<> begin_only(const Request& request, std::uint64_t count);

  private:
    Task<std::uint32_t> readiness(std::uint32_t wanted);
    Task<bool> send_text(std::string_view text, bool more);
    Task<bool> send_content(Extent extent);
    Task<bool> send(const Request& request);
    Task<Answer> receive(bool is_head, const Sink& sink);
    Task<> fill();
    Task<> take_body(std::uint64_t count, const Sink& to);
    Task<> take_chunks(const Sink& to);
    Task<std::string> take_line();

    Loop& loop_;
    const Target& target_;
    Content& content_;
    int socket_ = -1;
    Readiness readiness_;
    std::string received_;
};

}  // namespace sluice::bench
