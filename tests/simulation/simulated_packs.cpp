#include "simulated_packs.hpp"

#include <algorithm>
#include <utility>

namespace sluice::simulation {
namespace {

constexpr std::uint64_t block = SimulatedDisk::sector;

constexpr std::uint64_t whole_blocks(std::uint64_t length) {
    return (length + block - 1) / block * block;
}

Error refused(ErrorCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

// Gathers a piece in memory; nothing touches the disk before commit().
class SimulatedPackedWriter final : public BlobWriter {
  public:
    SimulatedPackedWriter(SimulatedPacks& packs, SimulatedPacks::OpenOwn open_own)
        : packs_(packs), open_own_(std::move(open_own)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        if (is_over_) {
            return refused(ErrorCode::storage_failed, "the writer has committed or failed");
        }
        if (!own_ && bytes_.size() + bytes.size() > packs_.packed_max().value) {
            if (!open_own_) {
                return refused(ErrorCode::body_too_large, "more bytes than announced");
            }
            auto own = open_own_();
            auto written = own ? (*own)->write(bytes_) : Result<void>(std::move(own).error());
            if (!written) {
                is_over_ = true;
                return written;
            }
            own_ = *std::move(own);
        }
        if (own_) {
            return own_->write(bytes);
        }
        packs_.gate().step(Site::blob_write);
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return ok();
    }

    ByteCount written() const override { return own_ ? own_->written() : ByteCount{bytes_.size()}; }

    Result<Extent> commit() override {
        if (std::exchange(is_over_, true)) {
            return refused(ErrorCode::storage_failed, "the writer has committed or failed");
        }
        if (own_) {
            return own_->commit();
        }
        return bytes_.empty() ? Result<Extent>(Extent{}) : packs_.add(bytes_);
    }

  private:
    SimulatedPacks& packs_;
    SimulatedPacks::OpenOwn open_own_;
    std::vector<std::byte> bytes_;
    std::unique_ptr<BlobWriter> own_;
    bool is_over_ = false;
};

}  // namespace

void SimulatedPacks::trim_abandoned() {
    for (const BlobId id : disk_.ids()) {
        if (!id.is_shared()) {
            continue;
        }
        const auto held = disk_.held(id);
        const std::uint64_t end =
            held.empty() ? 0 : held.back().offset.value + held.back().length.value;
        if (end < disk_.size_of(id).value) {
            disk_.cut(id, {end});
        }
    }
}

std::unique_ptr<BlobWriter> SimulatedPacks::try_writer(OpenOwn open_own) {
    const bool has_buffer = options_.packed_max.value > 0 && !gate_.random().one_in(12);
    return has_buffer ? std::make_unique<SimulatedPackedWriter>(*this, std::move(open_own))
                      : nullptr;
}

Result<Extent> SimulatedPacks::add(std::span<const std::byte> bytes) {
    const auto own = std::make_shared<Waiting>();
    own->bytes = bytes;
    waiting_.push_back(own);
    const bool is_first = !std::exchange(is_led_, true);
    while (!is_first && !own->is_done && !own->leads) {
        gate_.step(Site::pack_wait);
    }
    if (is_first || own->leads) {
        lead();
    }
    if (own->outcome) {
        gate_.tally().saw(Seen::piece_packed);
    }
    return own->outcome;
}

// Writes what waits, its own piece among it, and hands over to the first of those who came meanwhile.
void SimulatedPacks::lead() {
    gate_.step(Site::pack_wait);
    const Batch batch = std::exchange(waiting_, {});
    write_all_of(batch);
    for (const auto& piece : batch) {
        piece->is_done = true;
    }
    if (batch.size() > 1) {
        gate_.tally().saw(Seen::sync_shared);
    }
    is_led_ = !waiting_.empty();
    if (is_led_) {
        waiting_.front()->leads = true;
    }
}

void SimulatedPacks::write_all_of(const Batch& batch) {
    std::span<const std::shared_ptr<Waiting>> rest = batch;
    while (!rest.empty()) {
        // As much as one pack has room for, at least one piece.
        std::uint64_t sum = 0;
        std::size_t count = 0;
        while (count < rest.size() &&
               (count == 0 || sum + whole_blocks(rest[count]->bytes.size()) <= options_.bytes.value)
        ) {
            sum += whole_blocks(rest[count++]->bytes.size());
        }
        auto written = make_room(sum);
        if (written) {
            written = write_some(rest.first(count));
        }
        if (!written) {
            retire(true);
            for (const auto& piece : rest.first(count)) {
                piece->outcome = written.error();
            }
        }
        rest = rest.subspan(count);
    }
}

Result<void> SimulatedPacks::write_some(std::span<const std::shared_ptr<Waiting>> batch) {
    const std::uint64_t begin = pack_.used;
    auto written = gate_.call(Site::pack_write, [&]() -> Result<void> {
        std::uint64_t end = begin;
        for (const auto& piece : batch) {
            std::vector<std::byte> blocks(piece->bytes.begin(), piece->bytes.end());
            blocks.resize(whole_blocks(blocks.size()));
            piece->outcome = Extent{pack_.id, {end}, {piece->bytes.size()}};
            disk_.write(pack_.id, {end}, blocks, clock_.now());
            end += blocks.size();
        }
        return ok();
    });
    if (!gate_.has(Mutant::uses_a_place_twice)) {
        for (const auto& piece : batch) {
            pack_.used += whole_blocks(piece->bytes.size());
        }
    }
    if (!written || !options_.is_strict) {
        return written;
    }
    return sync_pack();
}

Result<void> SimulatedPacks::sync_pack() {
    auto synced = gate_.call(Site::pack_sync, [&] {
        if (!gate_.has(Mutant::answers_before_sync)) {
            disk_.sync(pack_.id);
        }
        return ok();
    });
    if (synced) {
        return synced;
    }
    gate_.tally().saw(Seen::pack_sync_failed);
    disk_.fail_sync(pack_.id);
    Error lost = std::move(synced).error();
    lost.is_lost_sync = true;
    lost.facts = "The disk could not be synced.";
    return gate_.has(Mutant::believes_failed_sync) ? ok() : Result<void>(std::move(lost));
}

Result<void> SimulatedPacks::make_room(std::uint64_t wanted) {
    if (pack_.id == spoilt_) {
        retire(true);
    }
    if (pack_.id != BlobId{} && pack_.used + wanted <= pack_.capacity) {
        return ok();
    }
    retire(false);
    return gate_.call(Site::pack_make, [&]() -> Result<void> {
        Pack made{.id = {gate_.random().next() | shared_blob_bit}, .capacity = 0};
        made.capacity = std::max(wanted, options_.bytes.value);
        while (disk_.used() + made.capacity > options_.capacity.value && made.capacity > wanted) {
            made.capacity = std::max(wanted, whole_blocks(made.capacity / 4));
        }
        if (disk_.used() + made.capacity > options_.capacity.value) {
            gate_.tally().saw(Seen::disk_full);
            return refused(ErrorCode::storage_full, "no room for a pack");
        }
        disk_.make(made.id, {made.capacity}, clock_.now());
        if (options_.is_strict) {
            gate_.step(Site::pack_make);
            disk_.sync(made.id);
            if (!gate_.has(Mutant::forgets_folder_sync)) {
                disk_.sync_entry(made.id);
            }
        }
        pack_ = made;
        return ok();
    });
}

// One that holds nothing goes away; after a failure nobody knows what it holds.
void SimulatedPacks::retire(bool has_failed) {
    const Pack pack = std::exchange(pack_, {});
    spoilt_ = {};
    if (pack.id == BlobId{}) {
        return;
    }
    if (pack.used == 0) {
        disk_.unlink(pack.id);
    } else if (!has_failed) {
        disk_.cut(pack.id, {pack.used});
    }
}

void SimulatedPacks::remove(const Extent& extent) {
    if (gate_.has(Mutant::removes_whole_pack)) {
        disk_.unlink(extent.blob);
        return;
    }
    disk_.punch({extent.blob, extent.offset, {whole_blocks(extent.length.value)}}, clock_.now());
}

void SimulatedPacks::spoil(BlobId id) {
    spoilt_ = id == pack_.id ? id : spoilt_;
}

}  // namespace sluice::simulation
