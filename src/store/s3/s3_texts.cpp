// The few small objects beside the blobs, by which servers know what a bucket is.
#include "store/s3/s3_blob_store.hpp"

namespace sluice {
namespace {

// Ceph 16 compares with the tag as it keeps it, without quotes; AWS takes both forms, others may want RFC 9110's.
std::string bare(const std::string& tag) {
    const bool is_quoted = tag.size() > 1 && tag.starts_with('"') && tag.ends_with('"');
    return is_quoted ? tag.substr(1, tag.size() - 2) : tag;
}

}  // namespace

Result<S3BlobStore::TaggedText> S3BlobStore::read_tagged(
    const std::string& name, std::chrono::milliseconds patience
) {
    auto done = client_.perform({.method = "GET", .key = name, .patience = patience});
    if (!done) {
        return done.error().code == ErrorCode::store_not_found
                   ? Result<TaggedText>(TaggedText())
                   : Result<TaggedText>(std::move(done).error());
    }
    const auto tag = done->headers.find("etag");
    return TaggedText{
        .text = std::move(done->text),
        .tag = tag == done->headers.end() ? std::string() : tag->second,
    };
}

Result<std::string> S3BlobStore::read_text(const std::string& name) {
    auto read = read_tagged(name, {});
    return read ? Result<std::string>(std::move(read->text)) : std::move(read).error();
}

Result<void> S3BlobStore::write_text(
    const std::string& name,
    const std::string& text,
    const std::string& tag,
    std::chrono::milliseconds patience
) {
    const s3::TextBody body(text);
    const auto write_if = [&](const char* condition, const std::string& value) -> Result<void> {
        auto done = client_.perform(
            {.method = "PUT",
             .key = name,
             .headers = {{"content-type", "text/plain"}, {condition, value}},
             .body = &body,
             .patience = patience}
        );
        if (done) {
            return ok();
        }
        // What should be replaced is not there any more.
        const bool is_gone = done.error().code == ErrorCode::store_not_found && !tag.empty();
        done.error().code = is_gone ? ErrorCode::store_conflict : done.error().code;
        return std::move(done).error();
    };
    if (tag.empty()) {
        return write_if("if-none-match", "*");
    }
    auto done = write_if("if-match", bare(tag));
    const bool may_be_its_form = !done && done.error().code == ErrorCode::store_conflict;
    return may_be_its_form ? write_if("if-match", tag) : done;
}

}  // namespace sluice
