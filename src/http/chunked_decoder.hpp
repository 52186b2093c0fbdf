// The chunked transfer coding (RFC 9112, 7.1), strictly. Pure, incremental: it eats the framing and
// says how many bytes of data come next, so that data may go from the socket straight to where it
// belongs. Used by the body reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::http {

inline constexpr int chunk_size_digits_max = 16;
inline constexpr std::size_t chunk_extension_bytes_max = 4 * 1024;
inline constexpr std::size_t trailer_bytes_max = 8 * 1024;

class ChunkedDecoder {
  public:
    // Eats framing from the front of `input` until data is due, the end is reached, or `input` is
    // empty. Errors: request_malformed.
    Result<void> eat_framing(std::span<const std::byte>& input);
    // Bytes of data that come next; 0: framing comes next, or nothing.
    std::uint64_t data_due() const { return state_ == State::data ? data_due_ : 0; }
    // Precondition: count <= data_due().
    void data_taken(std::uint64_t count);
    bool is_done() const { return state_ == State::done; }
    const std::vector<HeaderField>& trailers() const { return trailers_; }

  private:
    enum class State : unsigned char {
        size,        // digits of a chunk's size
        extension,   // behind them, up to the CR
        size_lf,     // the LF behind that CR
        data,        // data is due
        data_cr,     // the CR behind the data
        data_lf,     // and its LF
        trailer,     // a line of the trailer section
        trailer_lf,  // the LF that ends it
        done,
    };
    Result<void> eat(char c);
    Result<void> eat_size(char c);
    Result<void> eat_extension(char c);
    Result<void> eat_trailer(char c);
    Result<void> begin_chunk(char c);
    Result<void> end_trailer_line(char c);
    Result<void> expect(char c, char expected, State next);

    State state_ = State::size;
    std::uint64_t data_due_ = 0;  // also the size of a chunk while it is read
    int size_digits_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::string trailer_line_;
    std::vector<HeaderField> trailers_;
};

}  // namespace sluice::http
