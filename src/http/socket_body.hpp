// The BodyReader over a connection's wire: Content-Length or chunked, bytes that came with the head
// first, the others straight from the socket into the caller's buffer. Lives in the frame of one
// request.
#pragma once

#include "base/rare.hpp"
#include "http/body_reader.hpp"
#include "http/chunked_decoder.hpp"
#include "http/pace.hpp"
#include "http/request.hpp"
#include "http/wire.hpp"

namespace sluice::http {

class SocketBody final : public BodyReader {
  public:
    SocketBody(
        Wire& wire,
        const Request& request,
        const ConnectionLimits& limits,
        const ConnectionBudget& budget
    );
    ~SocketBody() override;
    SocketBody(const SocketBody&) = delete;
    SocketBody& operator=(const SocketBody&) = delete;

    boost::asio::awaitable<Result<void>> ready() override;
    boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override;
    boost::asio::awaitable<bool> arrives_within(std::chrono::milliseconds patience) override;
    std::optional<std::uint64_t> remaining() const override;
    std::uint64_t received() const override { return received_; }
    std::optional<std::string> trailer(std::string_view name) const override;
    boost::asio::awaitable<void> send_interim(std::string_view status, std::string_view fields)
        override;

    // Everything has been read: the next byte is of the next request.
    bool is_done() const;
    // The client waits for "100 Continue", which has not been sent, and has sent nothing of the
    // body.
    bool client_waits() const { return owes_continue_ && wire_.buffered().empty(); }
    // The end came early or the framing is broken: there is no next request.
    bool is_broken() const { return is_broken_; }

  private:
    boost::asio::awaitable<Result<void>> prepare();
    boost::asio::awaitable<Result<void>> wait_for_data();
    Result<void> end_wait(std::chrono::steady_clock::time_point begun);
    Result<void> judge_progress(std::chrono::steady_clock::duration waited);
    boost::asio::awaitable<Result<std::size_t>> read_data(std::span<std::byte> into);
    boost::asio::awaitable<Result<void>> read_framing();
    Result<void> eat_framing();
    // Neither data nor the end comes next.
    bool is_framing_due() const {
        return chunks_ && !chunks_->is_done() && chunks_->data_due() == 0;
    }
    std::uint64_t due() const { return chunks_ ? chunks_->data_due() : left_; }
    boost::asio::awaitable<bool> send_continue();
    std::size_t take_buffered(std::span<std::byte> into);
    Error broken(Error error);
    Error truncated() const;

    const ConnectionLimits& limits() const { return pace_.limits(); }

    Wire& wire_;
    const bool takes_interim_;
    bool owes_continue_;
    bool is_broken_ = false;
    bool has_arrived_ = false;  // the next wait need not look whether bytes are there
    bool has_ended_ = false;    // within framing: the socket tells an end only once
    bool has_turn_ = false;     // ready() has ended, and nothing was read since
    std::uint64_t left_;        // of a Content-Length
    std::uint64_t received_ = 0;
    std::chrono::milliseconds silent_{0};           // was waited for in pieces since the last byte
    Pace pace_;                                     // of its bytes
    const std::unique_ptr<ChunkedDecoder> chunks_;  // null: the length is known
    Rare<Error> error_ahead_;  // that a look ahead has found: the next read tells it
};

}  // namespace sluice::http
