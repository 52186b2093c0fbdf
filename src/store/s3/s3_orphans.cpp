// What is in the bucket and in no row: objects of a process that died before its commit, PUTs that were
// given up and took effect later, and parts that were never put together.
#include <algorithm>
#include <iterator>
#include <span>

#include "base/text.hpp"
#include "store/s3/answer_text.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace sluice {
namespace {

// A multipart upload may be as long under way as its body comes.
constexpr std::chrono::hours parts_age{24};

// So few that little time is between the last question and the removal.
constexpr std::size_t asked_again_at_once = 100;

}  // namespace

Result<void> S3BlobStore::each_page(const std::function<bool(const Page&)>& visit) {
    const std::string& prefix = client_.location().prefix;
    s3::Call call{
        .method = "GET",
        .key = "",
        .is_of_bucket = true,
        .query =
            {{"list-type", "2"},
             {"prefix", prefix + "blobs/"},
             {"max-keys", std::to_string(OrphanLook::page)}},
    };
    while (true) {
        const auto answer = client_.perform(call);
        if (!answer) {
            return answer.error();
        }
        Page page;
        for (const std::string_view entry : s3::xml_elements(answer->text, "Contents")) {
            const std::string key = s3::xml_value(entry, "Key");
            const auto id = key.starts_with(prefix)
                                ? s3::blob_of_key(std::string_view(key).substr(prefix.size()))
                                : std::nullopt;
            const auto changed_at = s3::parse_expiry(s3::xml_value(entry, "LastModified"));
            if (id && changed_at) {
                page.emplace_back(*id, *changed_at);
            }
        }
        const bool goes_on = visit(page);
        const std::string next = s3::xml_value(answer->text, "NextContinuationToken");
        if (!goes_on || s3::xml_value(answer->text, "IsTruncated") != "true" || next.empty()) {
            return ok();
        }
        call.query["continuation-token"] = next;
    }
}

Result<void> S3BlobStore::each_blob(const std::function<bool(BlobId, WallTime)>& visit) {
    return each_page([&visit](const Page& page) {
        return std::ranges::all_of(page, [&visit](const auto& blob) {
            return visit(blob.first, blob.second);
        });
    });
}

Result<std::optional<std::set<BlobId>>> S3BlobStore::unnamed(const OrphanLook& look) {
    std::set<BlobId> unnamed;
    bool is_over = false;
    auto walked = each_page([&](const Page& page) {
        std::vector<BlobId> old;
        for (const auto& [id, changed_at] : page) {
            if (changed_at < look.before) {
                old.push_back(id);
            }
        }
        is_over = look.is_over();
        if (is_over || old.empty()) {
            return !is_over;
        }
        const auto named = look.named_among(old);
        for (const BlobId id : old) {
            if (!named.contains(id)) {
                unnamed.insert(id);
            }
        }
        return true;
    });
    if (!walked) {
        return std::move(walked).error();
    }
    return is_over ? std::nullopt : std::optional(std::move(unnamed));
}

Result<std::uint32_t> S3BlobStore::remove_orphans(const OrphanLook& look) {
    auto unknown = unnamed(look);
    if (!unknown || !*unknown) {
        return unknown ? Result<std::uint32_t>(0U) : std::move(unknown).error();
    }
    std::unique_lock lock(mutex_);
    const auto before = std::exchange(suspects_, **unknown);
    lock.unlock();
    std::vector<BlobId> twice;
    std::ranges::set_intersection(before, **unknown, std::back_inserter(twice));
    std::uint32_t removed = 0;
    for (std::size_t at = 0; at < twice.size(); at += asked_again_at_once) {
        const auto some =
            std::span(twice).subspan(at, std::min(asked_again_at_once, twice.size() - at));
        // Asked once more: what was committed since the first look is named by now.
        const auto named = look.named_among({some.begin(), some.end()});
        for (const BlobId id : some) {
            if (look.is_over()) {
                return removed;
            }
            if (named.contains(id)) {
                continue;
            }
            if (auto allowed = may_change_(); !allowed) {
                return std::move(allowed).error();
            }
            auto done = client_.perform({.method = "DELETE", .key = s3::key_of(id)});
            if (!done) {
                return std::move(done).error();
            }
            ++removed;
        }
    }
    auto parts = abandon_old_parts(look.before - parts_age);
    return parts ? Result<std::uint32_t>(removed + *parts) : parts;
}

// A thousand at a time: the next call finds the others.
Result<std::uint32_t> S3BlobStore::abandon_old_parts(WallTime before) {
    const std::string& prefix = client_.location().prefix;
    const auto page = client_.perform(
        {.method = "GET",
         .key = "",
         .is_of_bucket = true,
         .query = {{"uploads", ""}, {"prefix", prefix + "blobs/"}}}
    );
    if (!page) {
        return page.error();
    }
    std::uint32_t abandoned = 0;
    for (const std::string_view entry : s3::xml_elements(page->text, "Upload")) {
        const std::string key = s3::xml_value(entry, "Key");
        const std::string upload = s3::xml_value(entry, "UploadId");
        const auto begun_at = s3::parse_expiry(s3::xml_value(entry, "Initiated"));
        if (!key.starts_with(prefix) || upload.empty() || !begun_at || *begun_at >= before) {
            continue;
        }
        if (auto allowed = may_change_(); !allowed) {
            return std::move(allowed).error();
        }
        const auto done = client_.perform(
            {.method = "DELETE", .key = key.substr(prefix.size()), .query = {{"uploadId", upload}}}
        );
        if (!done && done.error().code != ErrorCode::store_not_found) {
            return done.error();
        }
        ++abandoned;
    }
    return abandoned;
}

}  // namespace sluice
