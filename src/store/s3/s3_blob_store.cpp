#include "store/s3/s3_blob_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <random>
#include <utility>

#include "base/file_checksum.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "store/s3/answer_text.hpp"
#include "store/s3/s3_blob_writer.hpp"

namespace sluice {
namespace {

using s3::Call;

// Of a file that is there already: what is longer goes in parts.
constexpr ByteCount whole_file_max{std::uint64_t{64} << 20};
constexpr std::uint64_t file_part_min = std::uint64_t{16} << 20;
constexpr std::uint64_t parts_wanted_max = 9'000;
constexpr std::size_t copy_piece = std::size_t{4} << 20;
constexpr const char* mark_name = "sluice-storage";

Error refused(ErrorCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

Error too_short() {
    Error error = refused(ErrorCode::storage_failed, "the object is shorter than its extent");
    error.is_too_short = true;
    return error;
}

Result<void> write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "write a local copy");
        }
        bytes = bytes.subspan(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    return ok();
}

Result<UniqueFd> opened_file(const std::string& path, ByteCount& length) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return system_error(errno, "open " + path);
    }
    if (!S_ISREG(status.st_mode)) {
        return refused(ErrorCode::storage_failed, path + " is not a regular file");
    }
    length = {static_cast<std::uint64_t>(status.st_size)};
    return file;
}

// Which of what can be wrong with a configuration it is, for whoever starts the server.
Error unusable(const s3::Client& client, const Error& error) {
    Error told = error;
    told.facts = (error.facts.empty() ? "It cannot be read." : error.facts) + " It is " +
                 client.location().shown() + (error.detail.empty() ? "." : "; " + error.detail);
    return told;
}

}  // namespace

Result<std::unique_ptr<S3BlobStore>> S3BlobStore::open(
    s3::Location location, const Clock& clock, S3Options options
) {
    std::unique_ptr<S3BlobStore> store(
        new S3BlobStore(std::move(location), clock, std::move(options))
    );
    // Names the bucket or the key if either is missing, which a HEAD would not.
    if (const auto mark = store->read_text(mark_name); !mark) {
        return unusable(store->client_, mark.error());
    }
    return store;
}

S3BlobStore::S3BlobStore(s3::Location location, const Clock& clock, S3Options options)
    : clock_(clock),
      options_(std::move(options)),
      client_(std::move(location), clock, options_.client),
      budget_(options_.memory, options_.scratch) {}

// Like those of an IdSource of a shard that no process has; unique by chance within a millisecond.
BlobId S3BlobStore::fresh_id() const {
    constexpr std::int64_t epoch_ms = 1'288'834'974'657;
    constexpr unsigned random_bits = 21;
    thread_local std::mt19937_64 random(std::random_device{}());
    const auto ms = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count() - epoch_ms);
    const std::uint64_t by_chance = random() & ((std::uint64_t{1} << random_bits) - 1);
    return {(ms << 22U) | (std::uint64_t{1} << random_bits) | by_chance};
}

Result<std::unique_ptr<BlobWriter>> S3BlobStore::stage(BlobId id) {
    return std::make_unique<S3BlobWriter>(*this, id);
}

Result<std::unique_ptr<BlobWriter>> S3BlobStore::place(const Placement&) {
    return refused(ErrorCode::store_conflict, "nothing is placed in an object");
}

Result<BlobId> S3BlobStore::put(BlobId id, const s3::Body& body, Ids ids) {
    Call call{.method = "PUT", .key = s3::key_of(id), .body = &body};
    if (ids == Ids::may_change) {
        call.headers["if-none-match"] = "*";
        call.next_key = [this, &id] {
            id = fresh_id();
            return s3::key_of(id);
        };
    }
    if (auto allowed = may_change_(); !allowed) {
        return std::move(allowed).error();
    }
    const auto done = client_.perform(call);
    if (auto still = may_change_(); !done || !still) {
        return done ? std::move(still).error() : done.error();
    }
    return id;
}

Result<std::string> S3BlobStore::begin_parts(BlobId id) {
    const s3::TextBody nothing("");
    const auto done = client_.perform(
        {.method = "POST", .key = s3::key_of(id), .query = {{"uploads", ""}}, .body = &nothing}
    );
    if (!done) {
        return done.error();
    }
    auto upload = s3::xml_value(done->text, "UploadId");
    return upload.empty() ? Result<std::string>(refused(ErrorCode::storage_failed, "no UploadId"))
                          : std::move(upload);
}

Result<std::string> S3BlobStore::put_part(
    BlobId id, const std::string& upload, int number, const s3::Body& body
) {
    const auto done = client_.perform(
        {.method = "PUT",
         .key = s3::key_of(id),
         .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
         .body = &body}
    );
    if (!done && done.error().code == ErrorCode::store_not_found) {
        return refused(ErrorCode::storage_failed, done.error().detail);  // abandoned by another
    }
    if (!done) {
        return done.error();
    }
    const auto tag = done->headers.find("etag");
    return tag == done->headers.end()
               ? Result<std::string>(refused(ErrorCode::storage_failed, "a part without ETag"))
               : tag->second;
}

Result<void> S3BlobStore::join_parts(
    BlobId id, const std::string& upload, const std::vector<std::string>& tags, ByteCount length
) {
    std::string list = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < tags.size(); ++i) {
        list += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + tags[i] +
                "</ETag></Part>";
    }
    list += "</CompleteMultipartUpload>";
    const s3::TextBody body(list);
    if (auto allowed = may_change_(); !allowed) {
        return allowed;
    }
    const auto done = client_.perform(
        {.method = "POST",
         .key = s3::key_of(id),
         .query = {{"uploadId", upload}},
         .headers = {{"content-type", "application/xml"}},
         .body = &body}
    );
    if (done) {
        return may_change_();
    }
    // An attempt whose answer was lost had done it: there is no such upload any more.
    if (done.error().code == ErrorCode::store_not_found) {
        if (const auto is_there = has_length(id, length); is_there && *is_there) {
            return may_change_();
        }
        return refused(ErrorCode::storage_failed, done.error().detail);
    }
    return done.error();
}

void S3BlobStore::abandon_parts(BlobId id, const std::string& upload) {
    client_.send_off({.method = "DELETE", .key = s3::key_of(id), .query = {{"uploadId", upload}}});
}

Result<bool> S3BlobStore::has_length(BlobId id, ByteCount length) {
    const auto found = client_.perform({.method = "HEAD", .key = s3::key_of(id)});
    if (!found) {
        return found.error().code == ErrorCode::store_not_found ? Result<bool>(false)
                                                                : found.error();
    }
    const auto said = found->headers.find("content-length");
    return said != found->headers.end() && parse_unsigned(said->second) == length.value;
}

Result<void> S3BlobStore::read(
    const Extent& extent, ByteOffset offset, std::span<std::byte> bytes
) {
    return read_within({}, extent, offset, bytes);
}

Result<void> S3BlobStore::read_within(
    std::chrono::milliseconds patience,
    const Extent& extent,
    ByteOffset offset,
    std::span<std::byte> bytes
) {
    const bool is_within =
        offset.value <= extent.length.value && bytes.size() <= extent.length.value - offset.value;
    if (!is_within) {
        return refused(ErrorCode::storage_failed, "beyond the end of the extent");
    }
    if (bytes.empty()) {
        return ok();
    }
    const std::uint64_t first = extent.offset.value + offset.value;
    const std::string range =
        "bytes=" + std::to_string(first) + "-" + std::to_string(first + bytes.size() - 1);
    const auto done = client_.perform(
        {.method = "GET",
         .key = s3::key_of(extent.blob),
         .headers = {{"range", range}},
         .into = bytes,
         .patience = patience}
    );
    if (!done) {
        return done.error();
    }
    return done->received == bytes.size() ? ok() : Result<void>(too_short());
}

Result<void> S3BlobStore::copy_extent(const Extent& extent, int file, const Between& between) {
    std::vector<std::byte> piece(std::min<std::uint64_t>(copy_piece, extent.length.value));
    for (std::uint64_t at = 0; at < extent.length.value; at += piece.size()) {
        const auto part =
            std::span(piece).first(std::min<std::uint64_t>(piece.size(), extent.length.value - at));
        auto done = read(extent, {at}, part);
        done = done ? write_all(file, part) : std::move(done);
        done = done ? between() : std::move(done);
        if (!done) {
            return done;
        }
    }
    return ok();
}

Result<std::string> S3BlobStore::as_local_file(
    const std::vector<Extent>& layout, const std::string& scratch
) {
    return fetch(layout, scratch, [] { return ok(); });
}

Result<std::string> S3BlobStore::fetch(
    const std::vector<Extent>& layout, const std::string& scratch, const Between& between
) {
    const UniqueFd target(::open(
        scratch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR
    ));
    if (!target) {
        return system_error(errno, "create " + scratch);
    }
    for (const Extent& extent : layout) {
        if (auto copied = copy_extent(extent, target.get(), between); !copied) {
            ::unlink(scratch.c_str());
            return std::move(copied).error();
        }
    }
    return scratch;
}

// Waits for the answer: a command line ends at the error, and what was sent off with it.
void S3BlobStore::abandon_now(BlobId id, const std::string& upload) {
    static_cast<void>(client_.perform(
        {.method = "DELETE", .key = s3::key_of(id), .query = {{"uploadId", upload}}}
    ));
}

Result<void> S3BlobStore::put_parts(BlobId id, int file, ByteCount length) {
    auto upload = begin_parts(id);
    if (!upload) {
        return std::move(upload).error();
    }
    const std::uint64_t part =
        std::max(file_part_min, (length.value + parts_wanted_max - 1) / parts_wanted_max);
    std::vector<std::string> tags;
    for (std::uint64_t at = 0; at < length.value; at += part) {
        const s3::FileBody body(file, {at}, {std::min(part, length.value - at)});
        auto tag = put_part(id, *upload, static_cast<int>(tags.size()) + 1, body);
        if (!tag) {
            abandon_now(id, *upload);
            return std::move(tag).error();
        }
        tags.push_back(*std::move(tag));
    }
    auto joined = join_parts(id, *upload, tags, length);
    if (!joined) {
        abandon_now(id, *upload);
    }
    return joined;
}

Result<BlobId> S3BlobStore::put_file(BlobId id, int file, ByteCount length, Ids ids) {
    if (length <= whole_file_max) {
        return put(id, s3::FileBody(file, {0}, length), ids);
    }
    if (auto done = put_parts(id, file, length); !done) {
        return std::move(done).error();
    }
    return id;
}

Result<AdoptedFile> S3BlobStore::adopt_file(BlobId id, const std::string& path) {
    ByteCount length;
    auto file = opened_file(path, length);
    if (!file) {
        return std::move(file).error();
    }
    const auto made = put_file(id, file->get(), length, Ids::may_change);
    if (!made) {
        return made.error();
    }
    // Only now: while the store is away this is tried again and again.
    const auto crc = crc32c_of_file(file->get());
    if (!crc) {
        return crc.error();
    }
    ::unlink(path.c_str());
    return AdoptedFile{{*made, {0}, length}, *crc};
}

Result<void> S3BlobStore::copy_in(BlobId id, const std::string& path) {
    ByteCount length;
    auto file = opened_file(path, length);
    if (!file) {
        return std::move(file).error();
    }
    const auto is_there = has_length(id, length);
    if (!is_there || *is_there) {
        return is_there ? ok() : Result<void>(is_there.error());
    }
    const auto made = put_file(id, file->get(), length, Ids::stay);
    return made ? ok() : Result<void>(made.error());
}

Result<void> S3BlobStore::remove(const Extent& extent) {
    if (extent.blob.is_shared()) {
        return ok();
    }
    if (auto allowed = may_change_(); !allowed) {
        return allowed;
    }
    const auto done = client_.perform({.method = "DELETE", .key = s3::key_of(extent.blob)});
    const bool is_gone = done || done.error().code == ErrorCode::store_not_found;
    return is_gone ? ok() : Result<void>(done.error());
}

Result<ByteCount> S3BlobStore::free_space() {
    return refused(ErrorCode::storage_failed, "a bucket does not say how much room it has");
}

std::optional<std::string> S3BlobStore::link_to(const Extent& extent, const LinkTerms& terms) {
    // A link gives the whole object. What was moved here from a disk may be longer than its extent.
    const bool may_be_whole = !extent.blob.is_shared() && extent.offset.value == 0;
    const auto is_whole =
        may_be_whole ? has_length(extent.blob, extent.length) : Result<bool>(false);
    if (!is_whole || !*is_whole) {
        return std::nullopt;
    }
    std::map<std::string, std::string> answered{{"response-content-type", terms.content_type}};
    if (!terms.disposition.empty()) {
        answered["response-content-disposition"] = terms.disposition;
    }
    if (!terms.cache_control.empty()) {
        answered["response-cache-control"] = terms.cache_control;
    }
    auto link = client_.link(s3::key_of(extent.blob), answered, terms.valid, terms.valid_min);
    return link ? std::optional(*std::move(link)) : std::nullopt;
}

namespace s3 {

std::string key_of(BlobId id) {
    constexpr std::uint64_t day_ms = 86'400'000;
    const std::uint64_t day = ((id.value & ~shared_blob_bit) >> 22U) / day_ms;
    std::string text(16, '0');
    std::string days(4, '0');
    constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned i = 0; i < 16; ++i) {
        text[15 - i] = digits[(id.value >> (4 * i)) & 15U];
    }
    for (unsigned i = 0; i < 4; ++i) {
        days[3 - i] = digits[(day >> (4 * i)) & 15U];
    }
    return "blobs/" + days + "/" + text;
}

std::optional<BlobId> blob_of_key(std::string_view key) {
    const auto hex = key.substr(std::min(key.rfind('/'), key.size()));
    BlobId id;
    if (hex.size() != 17) {
        return std::nullopt;
    }
    const auto [end, error] =
        std::from_chars(hex.data() + 1, hex.data() + hex.size(), id.value, 16);
    const bool is_one = error == std::errc() && end == hex.data() + hex.size() && key_of(id) == key;
    return is_one ? std::optional(id) : std::nullopt;
}

}  // namespace s3

}  // namespace sluice
