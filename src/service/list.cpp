#include <algorithm>

#include "base/text.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t rows_at_once = 200;
// Of one call: a search for what is rare goes on with the next page.
constexpr std::size_t whole_id_length = 18;
constexpr std::uint32_t rows_looked_at_max = 10'000;

struct Rows {
    std::vector<Upload> taken;
    MediaId before;  // where to go on
    bool is_full = false;
};

// The sweep will take what is due off the list: so it is not on it.
void take_page(Rows& rows, const UploadPage& page, const UploadQuery& query, WallTime now) {
    for (const Upload& upload : page.uploads) {
        rows.is_full = rows.taken.size() == query.count_max;
        if (rows.is_full) {
            return;
        }
        rows.before = upload.id;
        // A part is nothing by itself: what is joined of it is there, and it by its whole id.
        const bool is_something = upload.stream.kind != UploadKind::part && !upload.is_due(now);
        if (is_something && query.takes(upload)) {
            rows.taken.push_back(upload);
        }
    }
}

// A whole id is no search. Nothing: there is no such upload, or it is none of theirs.
std::optional<Upload> find_named(MetadataStore& metadata, const UploadQuery& query, WallTime now) {
    const auto id = MediaId::parse(query.text);
    if (!id || query.text.size() < whole_id_length) {
        return std::nullopt;
    }
    const auto one = metadata.find_any(*id);
    const bool is_theirs = one && !one->upload.is_over() && !one->upload.is_due(now) &&
                           (!query.owner || one->upload.owner == *query.owner);
    return is_theirs && query.takes(one->upload) ? std::optional(one->upload) : std::nullopt;
}

// True: there may be more behind them.
Result<bool> collect(Rows& rows, MetadataStore& metadata, const UploadQuery& query, WallTime now) {
    const bool takes_all = query.states.empty() && query.text.empty();
    const std::uint32_t at_once = takes_all ? query.count_max : rows_at_once;
    for (std::uint32_t seen = 0; seen < rows_looked_at_max; seen += at_once) {
        auto page = query.owner ? metadata.list(*query.owner, rows.before, at_once)
                                : metadata.list_all(rows.before, at_once);
        if (!page) {
            return std::move(page).error();
        }
        take_page(rows, *page, query, now);
        rows.is_full = rows.is_full || (rows.taken.size() == query.count_max && page->has_more);
        if (rows.is_full || !page->has_more) {
            return rows.is_full || page->has_more;
        }
    }
    return true;
}

}  // namespace

bool UploadQuery::takes(const Upload& upload) const {
    const bool has_state =
        states.empty() || std::ranges::find(states, upload.state) != states.end();
    return has_state && (text.empty() || upload.id.text().contains(text) ||
                         lower_case(upload.file_name).contains(lower_case(text)));
}

Result<UploadList> Uploads::list(const UploadQuery& query) {
    Rows rows{.before = query.before};
    UploadList found;
    if (auto named = find_named(services_.metadata, query, now())) {
        rows.taken.push_back(*std::move(named));
    } else {
        const auto has_more = collect(rows, services_.metadata, query, now());
        if (!has_more) {
            return has_more.error();
        }
        found.next = *has_more ? std::optional(rows.before) : std::nullopt;
    }
    for (const Upload& upload : rows.taken) {
        auto one = details(upload.owner, upload.id);
        if (one) {
            found.uploads.push_back(*std::move(one));
        } else if (one.error().code != ErrorCode::media_unknown) {  // else it has gone meanwhile
            return std::move(one).error();
        }
    }
    return found;
}

}  // namespace sluice
