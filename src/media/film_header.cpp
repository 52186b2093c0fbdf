#include "media/film_header.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "media/ladder.hpp"
#include "media/picture_limits.hpp"

namespace sluice {
namespace {

// Of one level; more are not looked at.
constexpr std::size_t boxes_max = 64;
// In all.
constexpr int reads_max = 20'000;
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

bool is_plausible(const FilmHeader& film) {
    return film.width > 0 && film.width <= side_max && film.height > 0 && film.height <= side_max &&
           film.frames > 0;
}

// Whatever its sound costs.
std::chrono::milliseconds cost_of(FilmHeader film) {
    film.has_sound = false;
    return wall_expected(film);
}

class Index {
  public:
    Index(std::uint64_t file_size, const ReadAt& read) : file_size_(file_size), read_(read) {}

    std::optional<FilmHeader> film() {
        if (const auto index = find(Box{0, 0, file_size_}, "moov")) {
            take(*index);
        }
        return is_plausible(film_) ? std::optional(film_) : std::nullopt;
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

    // The boxes within one, as far as they are whole.
    std::vector<Box> inside(const Box& outer) const {
        std::vector<Box> found;
        std::uint64_t at = outer.body;
        while (found.size() < boxes_max && outer.end - at >= 8) {
            const auto box = box_at({0, at, outer.end});
            if (!box) {
                break;
            }
            found.push_back(*box);
            at = box->end;
        }
        return found;
    }

    std::optional<Box> box_at(const Box& rest) const {
        std::uint64_t length = number(rest, 0, 4);
        std::uint64_t head_bytes = 8;
        if (length == 1) {
            length = number(rest, 8, 8);
            head_bytes = 16;
        } else if (length == 0) {
            length = rest.end - rest.body;
        }
        if (length < head_bytes || length > rest.end - rest.body) {
            return std::nullopt;
        }
        const auto name = static_cast<std::uint32_t>(number(rest, 4, 4));
        return Box{name, rest.body + head_bytes, rest.body + length};
    }

    std::optional<Box> find(const std::optional<Box>& outer, std::string_view name) const {
        const auto boxes = outer ? inside(*outer) : std::vector<Box>();
        const auto found = std::ranges::find(boxes, name_of(name), &Box::name);
        return found == boxes.end() ? std::nullopt : std::optional(*found);
    }

    void take(const Box& index) {
        for (const Box& box : inside(index)) {
            if (box.name == name_of("mvhd")) {
                film_.duration = duration_of(box);
            } else if (box.name == name_of("trak")) {
                take_track(box);
            }
        }
    }

    std::chrono::milliseconds duration_of(const Box& box) const {
        constexpr std::uint64_t seconds_max = 1'000'000;
        const bool is_long = number(box, 0, 1) == 1;
        const auto scale = number(box, is_long ? 20 : 12, 4);
        const auto length = is_long ? number(box, 24, 8) : number(box, 16, 4);
        const bool is_sane = scale > 0 && length / scale < seconds_max;
        return std::chrono::milliseconds{is_sane ? length * 1000 / scale : 0};
    }

    void take_track(const Box& track) {
        const auto media = find(track, "mdia");
        const auto handler = find(media, "hdlr");
        const auto kind = handler ? number(*handler, 8, 4) : 0;
        film_.has_sound = film_.has_sound || kind == name_of("soun");
        const auto head = find(track, "tkhd");
        const auto sizes = find(find(find(media, "minf"), "stbl"), "stsz");
        if (kind != name_of("vide") || !sizes || !head || head->end - head->body < 8) {
            return;
        }
        // The last two numbers, 16.16.
        const auto sides = head->end - head->body - 8;
        FilmHeader found = film_;
        found.width = static_cast<std::uint32_t>(number(*head, sides, 2));
        found.height = static_cast<std::uint32_t>(number(*head, sides + 4, 2));
        found.frames = static_cast<std::uint32_t>(number(*sizes, 8, 4));
        // Of several the dearest: a small one in front makes no film cheap.
        if (is_plausible(found) && (!is_plausible(film_) || cost_of(found) > cost_of(film_))) {
            film_ = found;
        }
    }

    const std::uint64_t file_size_;
    const ReadAt& read_;
    mutable int reads_ = 0;
    FilmHeader film_;
};

// Of one picture in all the sizes that are made of it.
double megapixels_of_ladder(const FilmHeader& film) {
    double sum = 0;
    for (const auto& step : ladder_for({film.width, film.height})) {
        sum += static_cast<double>(area_of(step.size)) / 1e6;
    }
    return sum;
}

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
        .megapixels_out = frames * megapixels_of_ladder(film),
        .frames = frames,
        .audio_seconds = film.has_sound ? std::min(seconds, seconds_max) : 0,
    });
    return wall_of(cpu + beside_encoding + job_overhead, 1);
}

}  // namespace sluice
