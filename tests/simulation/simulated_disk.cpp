#include "simulated_disk.hpp"

#include <algorithm>

namespace sluice::simulation {

void SimulatedDisk::File::resize(std::size_t size) {
    cache.resize(size);
    platter.resize(size);
    for (auto* marks : {&dirty, &held, &held_durably, &is_hole}) {
        marks->resize((size + sector - 1) / sector);
    }
}

void SimulatedDisk::File::settle(std::size_t index) {
    const auto begin = static_cast<std::ptrdiff_t>(index * sector);
    const auto end = static_cast<std::ptrdiff_t>(std::min(cache.size(), (index + 1) * sector));
    std::copy(cache.begin() + begin, cache.begin() + end, platter.begin() + begin);
    dirty[index] = false;
    held_durably[index] = held[index];
}

void SimulatedDisk::File::see_platter(std::size_t index) {
    const std::size_t end = std::min(cache.size(), (index + 1) * sector);
    for (std::size_t i = index * sector; i < end; ++i) {
        cache[i] = platter[i];
    }
    held[index] = held_durably[index];
    is_hole[index] = is_hole[index] && !held[index];
}

bool SimulatedDisk::File::is_dirty() const {
    return std::ranges::find(dirty, true) != dirty.end();
}

ByteCount SimulatedDisk::size_of(BlobId id) const {
    const auto found = files_.find(id);
    return {found == files_.end() ? 0 : found->second.cache.size()};
}

std::vector<BlobId> SimulatedDisk::ids() const {
    std::vector<BlobId> ids;
    for (const auto& [id, file] : files_) {
        ids.push_back(id);
    }
    return ids;
}

std::uint64_t SimulatedDisk::used() const {
    std::uint64_t sum = 0;
    for (const auto& [id, file] : files_) {
        sum += file.cache.size();
        sum -= std::min<std::uint64_t>(
            file.cache.size(),
            sector * static_cast<std::uint64_t>(std::ranges::count(file.is_hole, true))
        );
    }
    return sum;
}

void SimulatedDisk::make(BlobId id, ByteCount size, WallTime now) {
    removed_.erase(id);  // the new entry takes the old one's name
    File& file = files_[id];
    file.resize(size.value);
    file.changed_at = now;
}

void SimulatedDisk::write(
    BlobId id, ByteOffset at, std::span<const std::byte> bytes, WallTime now
) {
    File& file = files_.at(id);
    const std::size_t end = at.value + bytes.size();
    if (end > file.cache.size()) {
        file.resize(end);
    }
    std::ranges::copy(bytes, file.cache.begin() + static_cast<std::ptrdiff_t>(at.value));
    for (std::size_t i = at.value / sector; i * sector < end; ++i) {
        file.dirty[i] = true;
        file.held[i] = true;
        file.is_hole[i] = false;
    }
    file.changed_at = now;
}

void SimulatedDisk::punch(const Extent& extent, WallTime now) {
    const auto found = files_.find(extent.blob);
    if (found == files_.end()) {
        return;
    }
    File& file = found->second;
    const std::size_t end = extent.offset.value + extent.length.value;
    for (std::size_t i = extent.offset.value / sector; i * sector < end && i < file.held.size();
         ++i) {
        const auto from = file.cache.begin() + static_cast<std::ptrdiff_t>(i * sector);
        std::fill_n(from, std::min(sector, file.cache.size() - i * sector), std::byte{0});
        file.dirty[i] = true;
        file.held[i] = false;
        file.is_hole[i] = true;
    }
    file.changed_at = now;
}

std::vector<Extent> SimulatedDisk::held(BlobId id) const {
    std::vector<Extent> ranges;
    const auto& held = files_.at(id).held;
    for (std::size_t i = 0; i < held.size(); ++i) {
        if (held[i] && i > 0 && held[i - 1]) {
            ranges.back().length += ByteCount{sector};
        } else if (held[i]) {
            ranges.push_back({id, {i * sector}, {sector}});
        }
    }
    return ranges;
}

bool SimulatedDisk::has_lost_pages(const Extent& extent) const {
    const auto found = lost_.find(extent.blob);
    if (found == lost_.end() || extent.length.value == 0) {
        return false;
    }
    const auto first = found->second.lower_bound(extent.offset.value / sector);
    return first != found->second.end() &&
           *first * sector < extent.offset.value + extent.length.value;
}

void SimulatedDisk::cut(BlobId id, ByteCount size) {
    files_.at(id).resize(size.value);
}

bool SimulatedDisk::read(BlobId id, ByteOffset at, std::span<std::byte> bytes) const {
    const auto found = files_.find(id);
    if (found == files_.end() || at.value + bytes.size() > found->second.cache.size()) {
        return false;
    }
    const auto from = found->second.cache.begin() + static_cast<std::ptrdiff_t>(at.value);
    std::copy_n(from, bytes.size(), bytes.begin());
    return true;
}

void SimulatedDisk::unlink(BlobId id) {
    auto node = files_.extract(id);
    if (!node.empty() && node.mapped().has_durable_entry) {
        removed_.insert(std::move(node));
    }
}

void SimulatedDisk::sync(BlobId id) {
    const auto found = files_.find(id);
    if (found == files_.end()) {
        return;
    }
    File& file = found->second;
    for (std::size_t i = 0; i < file.dirty.size(); ++i) {
        if (file.dirty[i]) {
            file.settle(i);
        }
    }
}

void SimulatedDisk::fail_sync(BlobId id) {
    if (const auto found = files_.find(id); found != files_.end()) {
        for (std::size_t i = 0; i < found->second.dirty.size(); ++i) {
            if (found->second.dirty[i]) {
                lost_[id].insert(i);
            }
        }
        std::fill(found->second.dirty.begin(), found->second.dirty.end(), false);
        drop_clean(id);
    }
}

void SimulatedDisk::sync_entry(BlobId id) {
    if (const auto found = files_.find(id); found != files_.end()) {
        found->second.has_durable_entry = true;
    }
}

void SimulatedDisk::drop_clean(BlobId id) {
    const auto found = files_.find(id);
    if (found == files_.end()) {
        return;
    }
    File& file = found->second;
    for (std::size_t i = 0; i < file.dirty.size(); ++i) {
        if (!file.dirty[i]) {
            file.see_platter(i);
        }
    }
}

void SimulatedDisk::settle_file(File& file, Random& random, Tally& tally) {
    if (file.is_dirty()) {
        const std::uint64_t mode = random.below(3);  // all lost, all kept, torn
        tally.saw(
            mode == 0   ? Seen::bytes_lost
            : mode == 1 ? Seen::unsynced_bytes_kept
                        : Seen::bytes_torn
        );
        for (std::size_t i = 0; i < file.dirty.size(); ++i) {
            if (file.dirty[i] && (mode == 1 || (mode == 2 && random.one_in(2)))) {
                file.settle(i);
            }
        }
    }
    std::fill(file.dirty.begin(), file.dirty.end(), false);
    for (std::size_t i = 0; i < file.dirty.size(); ++i) {
        file.see_platter(i);
    }
    file.has_durable_entry = true;
}

void SimulatedDisk::lose_power(Random& random, Tally& tally) {
    for (auto at = files_.begin(); at != files_.end();) {
        if (!at->second.has_durable_entry && random.one_in(2)) {
            tally.saw(Seen::bytes_lost);
            at = files_.erase(at);
            continue;
        }
        settle_file(at->second, random, tally);
        ++at;
    }
    for (auto& [id, file] : removed_) {
        if (random.one_in(2) && files_.try_emplace(id, file).second) {
            tally.saw(Seen::removed_file_came_back);
            settle_file(files_.at(id), random, tally);
        }
    }
    removed_.clear();
    local_.clear();
}

}  // namespace sluice::simulation
