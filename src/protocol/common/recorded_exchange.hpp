// One exchange as the inspector keeps it: masked, cut, and never changed after it was made. Made by
// the Recorder, shown by the native API. All of its texts are one block, one behind the other: a
// thousand of them are too many for a cache, and what is written in one piece costs the least.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/raw_text.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

class RecordedExchange {
  public:
    // In the order in which they are written.
    enum class Text : std::uint8_t {
        id,
        owner,
        caller_name,
        peer,
        method,
        base_url,
        target,
        headers,
        route,
        call,
        error_code,
        oauth_expected,
        oauth_sent,
        answer_headers,
        answer_start,
    };
    static constexpr std::size_t text_count = 15;

    std::uint64_t number = 0;  // rises with every exchange of this process
    WallTime at;
    std::chrono::microseconds took{0};
    bool has_owner = false;
    int version_minor = 1;
    int status = 0;
    std::uint64_t body_bytes = 0;    // as received
    std::uint64_t answer_bytes = 0;  // of the body
    std::optional<MediaId> media_id;
    std::optional<std::uint64_t> segment_index;
    std::vector<ReceivedPart> parts;
    // Somebody has got it from the recorder, and it is not used again. Guarded by the recorder's lock.
    mutable bool is_shared = false;

    std::string_view id() const { return text(Text::id); }  // the request's
    std::string_view owner() const { return text(Text::owner); }
    std::string_view caller_name() const { return text(Text::caller_name); }
    std::string_view peer() const { return text(Text::peer); }
    std::string_view method() const { return text(Text::method); }
    std::string_view base_url() const { return text(Text::base_url); }
    std::string_view target() const { return text(Text::target); }  // masked
    std::string_view headers() const {
        return text(Text::headers);
    }  // "Name: value\r\n" each, masked
    std::string_view route() const { return text(Text::route); }
    std::string_view call() const { return text(Text::call); }
    std::string_view error_code() const { return text(Text::error_code); }
    // Signature base strings.
    std::string_view oauth_expected() const { return text(Text::oauth_expected); }
    std::string_view oauth_sent() const { return text(Text::oauth_sent); }
    std::string_view answer_headers() const { return text(Text::answer_headers); }
    // Of the body; empty if bodies are not kept.
    std::string_view answer_start() const { return text(Text::answer_start); }

    std::string url() const { return std::string(base_url()).append(target()); }
    bool is_of(const Principal& principal) const { return has_owner && owner() == principal.id; }
    std::size_t memory() const;
    // Before it is written anew.
    void fetch_ahead() const;

    // Writes the texts: put() each, or write to raw() and end() it.
    class Texts {
      public:
        Texts(char* memory, std::size_t bytes_max, std::array<std::uint32_t, text_count>& ends)
            : begin_(memory), out_(memory, bytes_max), into_(ends) {}
        void put(std::string_view whole) {
            out_.text(whole);
            end();
        }
        RawText& raw() { return out_; }
        void end() { into_[count_++] = static_cast<std::uint32_t>(out_.end() - begin_); }
        bool is_complete() const { return count_ == text_count; }

      private:
        char* begin_;
        RawText out_;
        std::array<std::uint32_t, text_count>& into_;
        std::size_t count_ = 0;
    };
    // Of no more than so many bytes, all of them, by `put(Texts&)`.
    template <class Put>
    void write(std::size_t bytes_max, Put&& put) {
        texts_.resize_and_overwrite(bytes_max, [&](char* memory, std::size_t) {
            Texts to(memory, bytes_max, ends_);
            put(to);
            SLUICE_ASSERT(to.is_complete());
            return std::size_t{ends_.back()};
        });
    }

  private:
    std::string_view text(Text which) const {
        const auto place = static_cast<std::size_t>(which);
        const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
        return std::string_view(texts_).substr(begin, ends_[place] - begin);
    }

    std::string texts_;
    std::array<std::uint32_t, text_count> ends_{};
};

}  // namespace sluice::protocol
