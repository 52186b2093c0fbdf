// What the index of an MP4 or MOV says of its film, read without a decoder: for predicting what its
// processing will cost, before anybody has looked properly. It may lie; a lie costs its owner a bad
// prediction. The file may be hostile: bounded steps. Pure but for `read`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "media/boxes.hpp"
#include "media/cost_model.hpp"

namespace sluice {

struct FilmHeader {
    std::uint32_t width = 0;  // as stored in the index, of the first picture track
    std::uint32_t height = 0;
    std::uint32_t frames = 0;
    bool has_sound = false;
    std::chrono::milliseconds duration{0};
    bool operator==(const FilmHeader&) const = default;
};

// Nothing if there is no index, or none that tells the size and number of the pictures.
std::optional<FilmHeader> film_header(std::uint64_t file_size, const ReadAt& read);

// Wall time on one slot, with one core and without any learned factor.
std::chrono::milliseconds wall_expected(const FilmHeader& film);

}  // namespace sluice
