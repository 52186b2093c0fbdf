// What is in the bucket and in no row: objects of a process that died before its commit, PUTs that were
// given up and took effect later, and parts that were never put together.
#include "base/text.hpp"
#include "store/s3/answer_text.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace sluice {
namespace {

// A multipart upload may be as long under way as its body comes.
constexpr std::chrono::hours parts_age{24};

using Visit = std::function<bool(BlobId, WallTime)>;

// False: `visit` has seen enough.
bool visit_page(std::string_view page, std::string_view prefix, const Visit& visit) {
    for (const std::string_view entry : s3::xml_elements(page, "Contents")) {
        const std::string key = s3::xml_value(entry, "Key");
        const auto id = key.starts_with(prefix)
                            ? s3::blob_of_key(std::string_view(key).substr(prefix.size()))
                            : std::nullopt;
        const auto changed_at = s3::parse_expiry(s3::xml_value(entry, "LastModified"));
        if (id && changed_at && !visit(*id, *changed_at)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<void> S3BlobStore::each_blob(const Visit& visit) {
    const std::string& prefix = client_.location().prefix;
    s3::Call call{
        .method = "GET",
        .key = "",
        .is_of_bucket = true,
        .query = {{"list-type", "2"}, {"prefix", prefix + "blobs/"}, {"max-keys", "1000"}},
    };
    while (true) {
        const auto page = client_.perform(call);
        if (!page) {
            return page.error();
        }
        const bool goes_on = visit_page(page->text, prefix, visit);
        const std::string next = s3::xml_value(page->text, "NextContinuationToken");
        if (!goes_on || s3::xml_value(page->text, "IsTruncated") != "true" || next.empty()) {
            return ok();
        }
        call.query["continuation-token"] = next;
    }
}

Result<std::uint32_t> S3BlobStore::remove_orphans(
    const std::function<bool(BlobId)>& is_known, WallTime before
) {
    std::set<BlobId> unknown;
    auto walked = each_blob([&](BlobId id, WallTime changed_at) {
        if (changed_at < before && !is_known(id)) {
            unknown.insert(id);
        }
        return true;
    });
    if (!walked) {
        return std::move(walked).error();
    }
    std::unique_lock lock(mutex_);
    const auto suspects = std::exchange(suspects_, unknown);
    lock.unlock();
    std::uint32_t removed = 0;
    for (const BlobId id : unknown) {
        // Asked once more: what was committed since the first look is named by now.
        if (!suspects.contains(id) || is_known(id)) {
            continue;
        }
        auto done = client_.perform({.method = "DELETE", .key = s3::key_of(id)});
        if (!done) {
            return std::move(done).error();
        }
        ++removed;
    }
    auto parts = abandon_old_parts(before - parts_age);
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
