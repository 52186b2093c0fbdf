// The same calls in the words of X v1.1 and of X v2. Pure: makes requests, sends none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/transport.hpp"

namespace sluice::client {

struct InitFacts {
    std::uint64_t total_bytes = 0;
    std::string media_type;
    std::string category;  // empty: none
};

// Two uploads that belong together.
struct SubtitleFacts {
    std::string video_id;
    std::string subtitles_id;
    std::string language;  // two letters, upper case
    bool is_amplify_video = false;
};

class Dialect {
  public:
    virtual ~Dialect() = default;
    virtual HttpRequest init(const InitFacts& facts) const = 0;
    virtual HttpRequest append(const std::string& media_id, std::uint32_t index, FileSlice slice)
        const = 0;
    virtual HttpRequest finalize(const std::string& media_id) const = 0;
    virtual HttpRequest status(const std::string& media_id) const = 0;
    virtual HttpRequest alt_text(const std::string& media_id, const std::string& text) const = 0;
    virtual HttpRequest subtitles(const SubtitleFacts& facts) const = 0;
};

// `server` without a slash at its end.
std::unique_ptr<Dialect> make_x1(std::string server);
std::unique_ptr<Dialect> make_x2(std::string server);

}  // namespace sluice::client
