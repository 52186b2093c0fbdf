#include "checker.hpp"

#include <algorithm>
#include <set>

#include "base/digest.hpp"

namespace sluice::simulation {

void Checker::fail(const std::string& what) {
    if (violation_.empty()) {
        violation_ = what;
        stop_();
    }
}

std::string Checker::named(MediaId id) const {
    const auto found = std::ranges::find(rows_, id);
    return "upload #" + std::to_string(found - rows_.begin());
}

UploadModel& Checker::add(UploadModel model) {
    const MediaId id = model.id;
    const auto [place, is_new] = models_.try_emplace(id, std::move(model));
    if (!is_new) {
        fail("an id was given twice: " + id.text());
    }
    return place->second;
}

std::optional<std::vector<std::byte>> Checker::bytes_at(const Extent& extent) {
    std::vector<std::byte> bytes(extent.length.value);
    if (extent.length.value > 0 && !disk_.read(extent.blob, extent.offset, bytes)) {
        return std::nullopt;
    }
    tally_.bytes_checked += bytes.size();
    return bytes;
}

// The invariants of core/upload.hpp.
void Checker::check_sums(const UploadWithSegments& row) {
    const auto& [upload, segments] = row;
    std::uint64_t sum = 0;
    for (const auto& [index, segment] : segments) {
        sum += segment.extent.length.value;
    }
    const bool has_bytes = !upload.is_over();
    if (has_bytes &&
        (sum != upload.received.value || segments.size() != upload.segments_received)) {
        fail(named(upload.id) + ": received does not add up");
    }
    if (upload.received > upload.total ||
        (upload.has_all_bytes() && upload.received != upload.total)) {
        fail(named(upload.id) + ": received is not total");
    }
}

// What a row claims can be read, and is what was received.
void Checker::check_claims(const UploadWithSegments& row) {
    if (row.upload.is_over()) {
        return;  // its bytes may be on their way out
    }
    if (row.upload.state == UploadState::open &&
        journal_.doubts().is_unchecked(row.upload.id).value()) {
        return;  // nobody believes them before they are checked
    }
    for (const auto& [index, segment] : row.segments) {
        const auto bytes = bytes_at(segment.extent);
        if (!bytes || crc32c(*bytes) != segment.crc32c) {
            fail(
                named(row.upload.id) + ": the record claims segment " +
                std::to_string(index.value) + ", its bytes are not there (" +
                std::string(name_of(row.upload.state)) +
                (row.upload.one_shot ? ", sent in one call" : "") +
                (segment.extent.blob.value == row.upload.id.value ? ", in its place" : ", staged") +
                (bytes ? ", they differ)" : ", no such bytes)")
            );
        }
    }
}

void Checker::check_segments(const UploadModel& model, const UploadWithSegments& row) {
    if (row.upload.is_over()) {
        return;
    }
    const bool is_checked = !journal_.doubts().is_unchecked(model.id).value();
    for (const auto& [index, segment] : row.segments) {
        const auto bytes = bytes_at(segment.extent);
        if (is_checked && bytes && !model.may_stand(index.value, *bytes)) {
            fail(
                named(model.id) + ": segment " + std::to_string(index.value) +
                " has bytes that were refused or never sent"
            );
        }
    }
    for (const auto& [index, wishes] : model.sent) {
        const auto variant = model.acknowledged_variant(index);
        if (!variant) {
            continue;
        }
        const auto stands = row.segments.find({index});
        const auto bytes =
            stands == row.segments.end() ? std::nullopt : bytes_at(stands->second.extent);
        if (!bytes || *bytes != bytes_of(model.plan, index, *variant)) {
            fail(
                named(model.id) + ": segment " + std::to_string(index) +
                " was acknowledged and is lost"
            );
        }
        tally_.acknowledged += bytes ? bytes->size() : 0;
    }
}

void Checker::check_state(UploadModel& model, const UploadWithSegments& row) {
    const Upload& upload = row.upload;
    const std::string name = named(model.id) + " (" + std::string(name_of(upload.state)) + "): ";
    if (model.cancel.acknowledged && upload.state != UploadState::cancelled) {
        fail(name + "it was cancelled");
    }
    if (upload.state == UploadState::cancelled && !model.cancel.is_possible()) {
        fail(name + "nobody cancelled it");
    }
    if (model.finalize.acknowledged && upload.state == UploadState::open) {
        fail(name + "it was finalized");
    }
    if (upload.has_all_bytes() && !model.finalize.is_possible()) {
        fail(name + "nobody finalized it");
    }
    if (model.keep.acknowledged &&
        (upload.state == UploadState::expired || upload.expires_at != never)) {
        fail(name + "it was kept");
    }
    const bool was_over =
        model.last_state == UploadState::cancelled || model.last_state == UploadState::expired;
    const bool was_done =
        model.last_state == UploadState::ready || model.last_state == UploadState::failed;
    if ((was_over && upload.state != model.last_state) ||
        (was_done && upload.state != model.last_state && !upload.is_over())) {
        fail(name + "it was " + std::string(name_of(model.last_state)));
    }
    if (upload.state == UploadState::failed && !upload.failure) {
        fail(name + "nothing says why");
    }
    model.last_state = upload.state;
}

void Checker::check_outputs(UploadModel& model, const UploadWithSegments& row) {
    const auto outputs = journal_.rows().outputs(model.id);
    const bool is_ready = row.upload.state == UploadState::ready;
    if (!outputs || !row.upload.may_have_outputs()) {
        if (outputs && !outputs->empty() && !row.upload.is_over()) {
            fail(named(model.id) + ": outputs of what has none");
        }
        return;
    }
    std::vector<std::byte> input;
    for (const auto& [index, segment] : row.segments) {
        const auto bytes = bytes_at(segment.extent).value_or(std::vector<std::byte>());
        input.insert(input.end(), bytes.begin(), bytes.end());
    }
    for (const Output& output : *outputs) {
        const std::size_t which = output.name == poster_name ? 1 : 0;
        if (bytes_at(output.extent) != output_of(input, which)) {
            fail(named(model.id) + ": " + output.name + " is not what was made");
        }
    }
    if (!is_ready) {
        return;
    }
    if (outputs->size() != 2 || (model.outputs && *model.outputs != *outputs)) {
        fail(named(model.id) + ": the outputs have changed");
    }
    model.outputs = *outputs;
}

// One job as long as it is needed, and none otherwise.
void Checker::check_job(const Upload& upload) {
    const bool has_job = journal_.rows().queue_position(upload.id, clock_.now()).has_value();
    const bool needs_one = upload.state == UploadState::sealed ||
                           upload.state == UploadState::queued ||
                           upload.state == UploadState::processing;
    if (has_job != needs_one) {
        fail(
            named(upload.id) + " (" + std::string(name_of(upload.state)) +
            "): " + (has_job ? "a job that nobody needs" : "its job is lost")
        );
    }
}

bool Checker::is_suspect(MediaId id) {
    const auto finals = journal_.doubts().finals();
    const auto row = journal_.rows().find_any(id);
    const bool has_lost_a_piece =
        row && std::ranges::any_of(row->segments, [this](const auto& s) {
            return s.second.extent.blob.is_shared() && disk_.has_lost_pages(s.second.extent);
        });
    return has_lost_a_piece || disk_.has_lost_pages(BlobId{id.value}) ||
           std::ranges::any_of(*finals, [id](const Doubt& doubt) { return doubt.upload == id; });
}

bool Checker::is_doubted(MediaId id) {
    return is_suspect(id) || journal_.doubts().is_unchecked(id).value();
}

void Checker::check(MediaId id) {
    const auto known = models_.find(id);
    if (known != models_.end() && known->second.is_abandoned) {
        return;
    }
    const auto stream = streams_.find(id);
    if (stream != streams_.end() && stream->second.is_abandoned) {
        return;
    }
    const auto row = journal_.rows().find_any(id);
    if (!row) {
        if (known != models_.end() || stream != streams_.end()) {
            fail(named(id) + ": its creation was acknowledged, the upload is lost");
        }
        return;
    }
    check_sums(*row);
    check_job(row->upload);
    if (!is_strict_ && is_suspect(id)) {
        return;  // 2xx to APPEND did not promise more than the page cache, and the disk has failed it
    }
    check_claims(*row);
    if (stream != streams_.end()) {
        check_stream(stream->second, *row);
    }
    if (known == models_.end()) {
        return;
    }
    check_segments(known->second, *row);
    check_state(known->second, *row);
    check_outputs(known->second, *row);
}

// Their bytes count with those that they were joined to.
std::set<MediaId> Checker::parts_joined() {
    std::set<MediaId> joined;
    for (const MediaId id : rows_) {
        const auto row = journal_.rows().find_any(id);
        if (row && !row->upload.is_over() && row->upload.state != UploadState::open) {
            const auto& parts = row->upload.stream.parts;
            joined.insert(parts.begin(), parts.end());
        }
    }
    return joined;
}

void Checker::check_all() {
    for (const MediaId id : rows_) {
        check(id);
    }
    const std::uint64_t unknown = rows_.size() - models_.size() - streams_.size();
    if (unknown > unknown_creates_) {
        fail("there are more uploads than were asked for");
    }
    std::map<std::string, Usage> truth;
    const std::set<MediaId> joined = parts_joined();
    for (const MediaId id : rows_) {
        const auto row = journal_.rows().find_any(id);
        if (row && !row->upload.is_over() && !joined.contains(id)) {
            Usage& usage = truth[row->upload.owner.id];
            usage.uploads_open += row->upload.state == UploadState::open ? 1 : 0;
            usage.bytes += row->upload.total;
        }
    }
    for (const auto& [owner, usage] : truth) {
        if (quota_.uploads_open_max > 0 && usage.uploads_open > quota_.uploads_open_max) {
            fail(owner + " has more open uploads than are allowed");
        }
        if (quota_.bytes_max.value > 0 && usage.bytes > quota_.bytes_max) {
            fail(owner + " has more bytes than are allowed");
        }
        if (journal_.rows().usage_of({owner}).value() != usage) {
            fail("the usage of " + owner + " is not the sum of its uploads");
        }
    }
}

void Checker::check_nothing_is_left() {
    std::set<BlobId> named_blobs;
    std::vector<Extent> named_extents;
    for (const MediaId id : rows_) {
        const auto row = journal_.rows().find_any(id);
        if (!row) {
            continue;
        }
        const auto extents = journal_.rows().extents_of(id).value_or(std::vector<Extent>());
        if (row->upload.is_over() && !extents.empty()) {
            fail(named(id) + ": it is over and still has bytes");
        }
        for (const Extent& extent : extents) {
            named_blobs.insert(extent.blob);
            // What was joined shares the bytes of its parts.
            if (std::ranges::find(named_extents, extent) == named_extents.end()) {
                named_extents.push_back(extent);
            }
        }
    }
    for (const BlobId id : disk_.ids()) {
        if (!id.is_shared() && !named_blobs.contains(id)) {
            fail("a blob that nobody names is left: " + std::to_string(id.value));
        }
    }
    check_packs(named_extents);
}

// Every sector that a pack holds is somebody's.
void Checker::check_packs(const std::vector<Extent>& named) {
    for (const BlobId id : disk_.ids()) {
        std::uint64_t held = 0;
        for (const Extent& range : id.is_shared() ? disk_.held(id) : std::vector<Extent>()) {
            held += range.length.value;
        }
        for (const Extent& extent : named) {
            constexpr std::uint64_t block = SimulatedDisk::sector;
            held -= extent.blob == id && id.is_shared()
                        ? (extent.length.value + block - 1) / block * block
                        : 0;
        }
        if (held != 0) {
            fail("a pack holds more than is named, or less: " + std::to_string(id.value));
        }
    }
}

void Checker::power_was_lost(bool is_strict) {
    if (is_strict) {
        return;
    }
    for (auto& [id, model] : streams_) {
        const bool is_safe = model.is_complete && model.kind != UploadKind::part;
        if (!is_safe && !model.cancel.acknowledged) {
            model.is_abandoned = !journal_.rows().find_any(id);
            model.doubt_all();
        }
    }
    for (auto& [id, model] : models_) {
        if (model.finalize.acknowledged || model.cancel.acknowledged) {
            continue;
        }
        const auto row = journal_.rows().find_any(id);
        if (!row) {
            model.is_abandoned = true;  // INIT survives a kill only
        } else if (row->upload.state == UploadState::open) {
            // So does an APPEND: what is not there must be said to be missing.
            for (auto& [index, wishes] : model.sent) {
                doubt(wishes);
            }
        }
    }
}

}  // namespace sluice::simulation
