// What is said about an id that is not there for these credentials. Another's upload does not exist:
// only the caller's own uploads are looked at, so the words are the same whether the id was ever
// issued or not.

#include <algorithm>

#include "service/refusals.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t neighbours_at_once = 4;
constexpr int neighbour_pages_max = 16;
// Half the distance of two doubles just below 2^63, the largest that rounding moves an id.
constexpr std::uint64_t rounding_max = 512;

bool rounds_to(MediaId own, MediaId asked) {
    return static_cast<double>(own.value) == static_cast<double>(asked.value);
}

std::string name_for_people(const Principal& owner) {
    constexpr std::size_t shown_max = 14;  // "token:" and enough of a digest to tell two apart
    return owner.id == "anonymous" ? "anonymous (no credentials were sent)"
                                   : owner.id.substr(0, shown_max);
}

std::string count_text(std::uint64_t count) {
    if (count == 0) {
        return "You have no open upload.";
    }
    return "You have " + std::to_string(count) + (count == 1 ? " open upload." : " open uploads.");
}

// Of the owner's ids that lie close enough the highest; most people have none, and one look tells.
std::optional<MediaId> rounded_own_id(
    MetadataStore& metadata, const Principal& owner, MediaId asked
) {
    MediaId below{asked.value + rounding_max + 1};
    for (int page_number = 0; page_number < neighbour_pages_max; ++page_number) {
        const auto page = metadata.list(owner, below, neighbours_at_once);
        if (!page) {
            return std::nullopt;
        }
        const auto own = std::ranges::find_if(page->uploads, [asked](const Upload& upload) {
            return rounds_to(upload.id, asked);
        });
        if (own != page->uploads.end()) {
            return own->id;
        }
        below = page->uploads.empty() ? below : page->uploads.back().id;
        if (!page->has_more || below.value + rounding_max < asked.value) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

Error unknown_id(MetadataStore& metadata, const Principal& owner, MediaId asked) {
    if (const auto own = rounded_own_id(metadata, owner, asked)) {
        return {
            .code = ErrorCode::media_id_rounded,
            .facts = "media_id is " + asked.text() + "; your upload " + own->text() +
                     " becomes this number in 53-bit floating point. Read media_id_string, not "
                     "media_id.",
            .media_id = own->value,
        };
    }
    const auto usage = metadata.usage_of(owner);
    std::string facts = "There is no upload " + asked.text() +
                        " in this server for you. Ids belong to "
                        "the credentials that made them: you are " +
                        name_for_people(owner) + ". " + count_text(usage ? usage->uploads_open : 0);
    if (asked.value % 100 == 0) {
        facts += " The id ends in 00: did you read media_id instead of media_id_string?";
    }
    return {.code = ErrorCode::media_unknown, .facts = std::move(facts), .media_id = asked.value};
}

}  // namespace

Error Uploads::refused(const Principal& owner, Error by_store, MediaId id) const {
    return by_store.code == ErrorCode::store_not_found ? unknown_id(services_.metadata, owner, id)
                                                       : refused_by_store(std::move(by_store), id);
}

}  // namespace sluice
