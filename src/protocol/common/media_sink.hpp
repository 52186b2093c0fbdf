// Where the media of one request goes while it comes: through base64 if that is how it came, into
// the place that the opener gives. What is wrong with the media is kept, and the rest of it dropped,
// until the call is known: the first cause is to be named, not the first that was seen. Used by
// receive_form; one request's coroutine. Bytes in a buffer of the arena go to the file from there, by
// direct I/O, while the next ones come; all others are written on the bulk pool, or at once where that
// only copies to memory.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/rare.hpp"
#include "http/form_parser.hpp"
#include "protocol/common/direct_writes.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol {

class MediaSink {
  public:
    // All outlive the sink.
    MediaSink(const Context& context, ReceivedForm& form, const OpenMedia& open)
        : context_(context), form_(form), open_(open) {}

    // See DirectWrites.
    void use(runtime::DiskRing* ring) { direct_.use(ring); }

    // Opens the place, also for an empty part (an empty segment is legal), and before its bytes have
    // come: a wrong call is refused early, and FINALIZE knows of this one. `length_expected`: of the
    // part as it comes, if the body tells. Takes the texts of the head but for the name. Errors: those of the opener.
    boost::asio::awaitable<Result<void>> begin(
        http::PartHead& head, bool is_base64, std::optional<ByteCount> length_expected
    );
    // Errors: of the media once it is named; of the store.
    boost::asio::awaitable<Result<void>> take(std::span<const std::byte> data);
    boost::asio::awaitable<Result<void>> end();

    // The same for media as it came, in place. How much of so many bytes take_piece() would take now:
    // whole blocks while more may follow, and nothing while it is worth waiting for a larger piece.
    std::size_t would_take(std::size_t length, bool is_in_buffer, bool is_end) const;
    // Where in a block of the file the next byte belongs; in memory it has to stand alike.
    std::size_t phase() const;
    // Where bytes that come as they are stored may be received, until the next of them is taken; empty: anywhere.
    std::span<std::byte> memory();
    // The buffer is moved away if the data is written from it later.
    boost::asio::awaitable<Result<void>> take_piece(
        std::span<const std::byte> data, std::optional<runtime::BufferArena::Buffer>& buffer
    );
    bool is_quick() const { return form_.media && form_.media->is_quick({}); }
    // Before a wait that may be long: what is on its way to the file arrives first, and holds nothing any more.
    boost::asio::awaitable<Result<void>> settle();
    // Bytes of it have come, and wait in the buffer.
    void beat() {
        if (form_.media) {
            form_.media->beat();
        }
    }

    // Media that stands in the query, as X's documents show it. Precondition: none came in the body.
    boost::asio::awaitable<Result<void>> take_from_query(std::string_view name, std::string text);

  private:
    struct Decoding {
        Base64Decoder decoder;
        std::vector<std::byte> decoded;
        std::string start;  // the first characters as they came
    };

    boost::asio::awaitable<Result<void>> open();
    Result<void> write(std::span<const std::byte> data);
    boost::asio::awaitable<Result<void>> store(std::span<const std::byte> data);
    std::optional<DirectRange> direct_range(std::size_t length) const;
    void note(std::span<const std::byte> data);
    // Keeps what is wrong with the media; an error if it is to be said at once.
    Result<void> refuse(Error error);
    bool is_hopeless() const;
    void end_second();
    void explain_base64();

    const Context& context_;
    DirectWrites direct_;
    ReceivedForm& form_;
    const OpenMedia& open_;
    Rare<Decoding> decoding_;
    std::optional<ByteCount> expected_;
    std::uint64_t came_ = 0;   // of this part, as it came
    std::uint64_t first_ = 0;  // of the part before it
    Rare<std::string> second_name_;
    bool is_second_ = false;
    bool is_named_ = false;
};

bool has_query_media(const Parameters& parameters);

// Media in the query, which X's documents show for short ones; it leaves the parameters. An empty one
// harms nobody.
boost::asio::awaitable<Result<void>> take_query_media(
    const Context& context, ReceivedForm& form, const OpenMedia& open
);

}  // namespace sluice::protocol
