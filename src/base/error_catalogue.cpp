#include "base/error_catalogue.hpp"

#include <algorithm>
#include <array>

#include "base/catalogue/rows.hpp"

namespace sluice {
namespace {

// Each file checks its rows against its range; here the ranges are checked against the enum.
constexpr bool ranges_cover_the_enum() {
    std::size_t next = 0;
    for (const auto& range : catalogue::all_codes) {
        if (range.begin() != next) {
            return false;
        }
        next = range.end();
    }
    return next == error_code_count;
}
static_assert(ranges_cover_the_enum());

using Rows = std::array<ErrorEntry, error_code_count>;

Rows assemble() {
    Rows rows{};
    auto out = rows.begin();
    for (const auto part :
         {catalogue::request_rows(),
          catalogue::command_rows(),
          catalogue::init_rows(),
          catalogue::id_rows(),
          catalogue::upload_rows(),
          catalogue::finalize_rows(),
          catalogue::access_rows(),
          catalogue::media_rows(),
          catalogue::stream_rows(),
          catalogue::server_rows()}) {
        out = std::ranges::copy(part, out).out;
    }
    return rows;
}

const Rows& entries() {
    static const Rows rows = assemble();
    return rows;
}

}  // namespace

const ErrorEntry& entry_of(ErrorCode code) {
    return entries()[static_cast<std::size_t>(code)];
}

std::span<const ErrorEntry> error_catalogue() {
    return entries();
}

const ErrorEntry* find_error(std::string_view slug) {
    const auto* found = std::ranges::find(entries(), slug, &ErrorEntry::slug);
    return found == entries().end() ? nullptr : found;
}

}  // namespace sluice
