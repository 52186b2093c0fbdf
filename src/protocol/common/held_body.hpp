// A body that was read before its endpoint was asked, because an OAuth 1.0a signature covers it,
// and is then given again as if it just came. Bounded for each request and in all.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "http/body_reader.hpp"

namespace sluice::protocol {

// What one urlencoded, signed body may have: a segment of 5 MB in base64 with every "+" encoded has
// about 7 MB. Larger media belongs into a multipart body, which is not signed and not held.
inline constexpr std::size_t held_body_bytes_max = 16 << 20;
// Of all requests together; beyond it overloaded, and the client tries again.
inline constexpr std::uint64_t held_bytes_max = 128 << 20;

// Parameters of such a body, as of every form: taken apart they weigh many times their bytes.
inline constexpr std::size_t held_parameters_max = 1200;

// The bytes that are held now; shared by all loops.
class HeldBytes {
  public:
    // False: there is no room.
    bool take(std::uint64_t bytes) {
        if (held_.fetch_add(bytes) + bytes <= held_bytes_max) {
            return true;
        }
        held_.fetch_sub(bytes);
        return false;
    }
    void give_back(std::uint64_t bytes) { held_.fetch_sub(bytes); }

  private:
    std::atomic<std::uint64_t> held_ = 0;
};

class HeldBody final : public http::BodyReader {
  public:
    // Errors: body_too_large, too_many_fields, overloaded, and those of the body.
    static boost::asio::awaitable<Result<std::unique_ptr<HeldBody>>> read(
        http::BodyReader& body, HeldBytes& held
    );
    explicit HeldBody(HeldBytes& held) : held_(held) {}
    HeldBody(const HeldBody&) = delete;
    HeldBody& operator=(const HeldBody&) = delete;
    ~HeldBody() override { held_.give_back(counted_); }

    const std::string& text() const { return text_; }

    boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override;
    boost::asio::awaitable<bool> arrives_within(std::chrono::milliseconds) override {
        co_return true;
    }
    std::optional<std::uint64_t> remaining() const override { return text_.size() - at_; }
    std::uint64_t received() const override { return at_; }

  private:
    HeldBytes& held_;
    std::string text_;
    std::uint64_t counted_ = 0;
    std::size_t at_ = 0;
};

}  // namespace sluice::protocol
