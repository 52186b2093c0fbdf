#include <algorithm>

#include "base/text.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t rows_at_once = 200;
// Of one call: a search for what is rare goes on with the next page.
constexpr std::size_t whole_id_length = 18;
constexpr std::uint32_t rows_looked_at_max = 10'000;

}  // namespace

bool UploadQuery::takes(const Upload& upload) const {
    const bool has_state =
        states.empty() || std::ranges::find(states, upload.state) != states.end();
    return has_state && (text.empty() || upload.id.text().contains(text) ||
                         lower_case(upload.file_name).contains(lower_case(text)));
}

Result<UploadList> Uploads::list(const UploadQuery& query) {
    UploadList found;
    // A whole id is no search.
    if (const auto id = MediaId::parse(query.text); id && query.text.size() >= whole_id_length) {
        const auto one = services_.metadata.find_any(*id);
        const bool is_theirs =
            one && !one->upload.is_over() && (!query.owner || one->upload.owner == *query.owner);
        if (is_theirs && query.takes(one->upload)) {
            if (auto told = details(one->upload.owner, *id)) {
                found.uploads.push_back(*std::move(told));
            }
            return found;
        }
    }
    MediaId before = query.before;
    const bool takes_all = query.states.empty() && query.text.empty();
    const std::uint32_t at_once = takes_all ? query.count_max : rows_at_once;
    for (std::uint32_t seen = 0; seen < rows_looked_at_max; seen += at_once) {
        auto page = query.owner ? services_.metadata.list(*query.owner, before, at_once)
                                : services_.metadata.list_all(before, at_once);
        if (!page) {
            return std::move(page).error();
        }
        for (const Upload& upload : page->uploads) {
            if (found.uploads.size() == query.count_max) {
                found.next = before;
                return found;
            }
            before = upload.id;
            if (!query.takes(upload)) {
                continue;
            }
            auto one = details(upload.owner, upload.id);
            if (one) {
                found.uploads.push_back(*std::move(one));
            } else if (one.error().code != ErrorCode::media_unknown) {
                return std::move(one).error();
            }
        }
        if (!page->has_more) {
            return found;
        }
        if (takes_all) {
            break;
        }
    }
    found.next = before;
    return found;
}

}  // namespace sluice
