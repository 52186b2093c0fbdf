// RunningSums: compares what is read of a file with the checksums that its segments had when they were stored, as
// far as whole segments are read one piece after the other. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "service/upload_commands.hpp"

namespace sluice::protocol::delivery {

class RunningSums {
  public:
    // Of the segments of the file in their order; none: nothing is compared.
    explicit RunningSums(std::vector<SegmentSum> segments) : segments_(std::move(segments)) {}

    // Bytes that were read at `at` of the file. False: a segment that ends with them is another than it was.
    bool take(std::uint64_t at, std::span<const std::byte> bytes);

    // How far it is: what was taken since may be read and taken again.
    struct Place {
        std::uint64_t next =
            ~std::uint64_t{0};  // what was read goes up to here from its segment's begin
        std::uint32_t crc = 0;
    };
    Place place() const { return place_; }
    void go_back_to(Place place) { place_ = place; }

  private:
    // What lies within the segment, which begins at `begin` of the file.
    bool take_of(
        const SegmentSum& segment,
        std::uint64_t begin,
        std::uint64_t at,
        std::span<const std::byte> part
    );

    std::vector<SegmentSum> segments_;
    Place place_;
};

}  // namespace sluice::protocol::delivery
