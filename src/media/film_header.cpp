#include "media/film_header.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice {
namespace {

// Of one level; more are not looked at.
constexpr int boxes_max = 64;
// In all.
constexpr int reads_max = 20'000;
// The largest that is made of a film: more than 1280x720 is scaled down.
constexpr double megapixels_out_max = 1280 * 720 / 1e6;
constexpr std::uint32_t side_max = 16'384;

struct Box {
    std::uint32_t name = 0;
    std::uint64_t body = 0;  // where it begins
    std::uint64_t end = 0;
};

constexpr std::uint32_t name_of(std::string_view text) {
    std::uint32_t name = 0;
    for (const char letter : text) {
        name = name << 8 | static_cast<unsigned char>(letter);
    }
    return name;
}

class Index {
  public:
    Index(std::uint64_t file_size, const ReadAt& read) : file_size_(file_size), read_(read) {}

    std::optional<FilmHeader> film() {
        each({0, 0, file_size_}, [this](const Box& box) {
            if (box.name == name_of("moov")) {
                each(box, [this](const Box& inner) { take(inner); });
            }
        });
        const bool is_known = film_.width > 0 && film_.width <= side_max && film_.height > 0 &&
                              film_.height <= side_max && film_.frames > 0;
        return is_known ? std::optional(film_) : std::nullopt;
    }

  private:
    // A number of `bytes` bytes; 0 behind the end.
    std::uint64_t number(const Box& box, std::uint64_t offset, std::size_t bytes) const {
        std::array<std::byte, 8> raw{};
        reads_ += reads_ < reads_max ? 1 : 0;
        const auto into = std::span(raw).first(bytes);
        if (box.end - box.body < offset + bytes || reads_ == reads_max ||
            read_(box.body + offset, into) < bytes) {
            return 0;
        }
        std::uint64_t value = 0;
        for (const std::byte byte : into) {
            value = value << 8 | std::to_integer<std::uint64_t>(byte);
        }
        return value;
    }

    template <class Take>
    void each(const Box& outer, Take take) const {
        std::uint64_t at = outer.body;
        for (int i = 0; i < boxes_max && outer.end - at >= 8; ++i) {
            const Box head{0, at, outer.end};
            std::uint64_t length = number(head, 0, 4);
            std::uint64_t head_bytes = 8;
            if (length == 1) {
                length = number(head, 8, 8);
                head_bytes = 16;
            } else if (length == 0) {
                length = outer.end - at;
            }
            if (length < head_bytes || length > outer.end - at) {
                return;
            }
            const auto name = static_cast<std::uint32_t>(number(head, 4, 4));
            take(Box{name, at + head_bytes, at + length});
            at += length;
        }
    }

    void take(const Box& box) {
        if (box.name == name_of("mvhd")) {
            const bool is_long = number(box, 0, 1) == 1;
            const auto scale = number(box, is_long ? 20 : 12, 4);
            const auto length = is_long ? number(box, 24, 8) : number(box, 16, 4);
            constexpr std::uint64_t seconds_max = 1'000'000;
            if (scale > 0 && length / scale < seconds_max) {
                film_.duration = std::chrono::milliseconds{length * 1000 / scale};
            }
        } else if (box.name == name_of("trak")) {
            take_track(box);
        }
    }

    void take_track(const Box& track) {
        FilmHeader seen;
        std::uint32_t kind = 0;
        each(track, [&](const Box& box) {
            if (box.name == name_of("tkhd") && box.end - box.body >= 8) {
                // The last two numbers, 16.16.
                const auto sides = box.end - box.body - 8;
                seen.width = static_cast<std::uint32_t>(number(box, sides, 2));
                seen.height = static_cast<std::uint32_t>(number(box, sides + 4, 2));
            } else if (box.name == name_of("mdia")) {
                each(box, [&](const Box& inner) { take_media(inner, kind, seen.frames); });
            }
        });
        if (kind == name_of("vide") && film_.frames == 0) {
            film_.width = seen.width;
            film_.height = seen.height;
            film_.frames = seen.frames;
        }
        film_.has_sound = film_.has_sound || kind == name_of("soun");
    }

    void take_media(const Box& box, std::uint32_t& kind, std::uint32_t& frames) const {
        if (box.name == name_of("hdlr")) {
            kind = static_cast<std::uint32_t>(number(box, 8, 4));
        } else if (box.name == name_of("minf") || box.name == name_of("stbl")) {
            // Each is in the one before; deeper than that nothing is looked for.
            each(box, [&](const Box& inner) {
                if (box.name == name_of("minf") && inner.name == name_of("stbl")) {
                    take_media(inner, kind, frames);
                } else if (box.name == name_of("stbl") && inner.name == name_of("stsz")) {
                    frames = static_cast<std::uint32_t>(number(inner, 8, 4));
                }
            });
        }
    }

    const std::uint64_t file_size_;
    const ReadAt& read_;
    mutable int reads_ = 0;
    FilmHeader film_;
};

}  // namespace

std::optional<FilmHeader> film_header(std::uint64_t file_size, const ReadAt& read) {
    return Index(file_size, read).film();
}

std::chrono::milliseconds wall_expected(const FilmHeader& film) {
    // Longer films than this are not believed.
    constexpr double seconds_max = 4 * 3600;
    constexpr double frames_max = 60 * seconds_max;
    const double frames = std::min<double>(film.frames, frames_max);
    const double seconds = std::chrono::duration<double>(film.duration).count();
    const double megapixels = static_cast<double>(film.width) * film.height / 1e6;
    const double cpu = encode_cpu_seconds({
        .megapixels_in = frames * megapixels,
        .megapixels_out = frames * std::min(megapixels, megapixels_out_max),
        .frames = frames,
        .audio_seconds = film.has_sound ? std::min(seconds, seconds_max) : 0,
    });
    return wall_of(cpu + job_overhead, 1);
}

}  // namespace sluice
