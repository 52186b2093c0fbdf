// How a server is spoken to. One small class a protocol; requests and what is read from answers,
// no waiting and no sockets.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/connection.hpp"
#include "loadgen/options.hpp"

namespace sluice::bench {

struct Upload {
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    std::string id;
    std::string key;  // x: media_key
};

struct Chunk {
    std::uint64_t index = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// A file that the server gives back, and what must be in it.
struct Download {
    Request request;
    Extent expected;
};

class Protocol {
  public:
    explicit Protocol(const Options& options) : options_(options) {}
    Protocol(const Protocol&) = delete;
    Protocol& operator=(const Protocol&) = delete;
    virtual ~Protocol() = default;

    // Nothing where the protocol has no such call. The `take` functions say whether the answer was
    // the right one.
    virtual std::optional<Request> create(const Upload& upload) const = 0;
    virtual bool take_created(const Answer& answer, Upload& upload) const = 0;
    virtual Request send(const Upload& upload, const Chunk& chunk) const = 0;
    virtual bool took_chunk(const Answer& answer) const = 0;
    virtual std::optional<Request> finish(const Upload& upload) const = 0;
    virtual Request status(const Upload& upload) const = 0;
    virtual std::vector<Download> downloads(const Upload& upload) const = 0;

    std::vector<Chunk> chunks_of(const Upload& upload) const;
    Request get(const std::string& path) const;

  protected:
    // The first lines of a request, without the empty one.
    std::string head(const std::string& method, const std::string& path) const;
    static Extent extent_of(const Upload& upload, const Chunk& chunk) {
        return {upload.number, upload.size, chunk.offset, chunk.length};
    }
    const Options& options_;
};

std::unique_ptr<Protocol> make_protocol(const Options& options);

}  // namespace sluice::bench
