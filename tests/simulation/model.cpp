#include "model.hpp"

#include <algorithm>

#include "random.hpp"

namespace sluice::simulation {

std::vector<std::byte> bytes_of(const UploadPlan& plan, std::uint16_t index, std::size_t variant) {
    std::uint64_t length = index < plan.lengths.size() ? plan.lengths[index] : 8;
    length += variant == 2 ? 5 : 0;
    length = variant == 3 && length > 1 ? length / 2 : length;
    Random random(plan.key * 4099 + index * 31ULL + variant);
    std::vector<std::byte> bytes(length);
    for (std::byte& byte : bytes) {
        // No medium that anybody knows, and no text either.
        byte = static_cast<std::byte>(0x80U | (random.next() >> 40U));
    }
    if (index == 0) {
        bytes.front() = std::byte{0xa5};
    }
    return bytes;
}

std::vector<std::byte> output_of(const std::vector<std::byte>& input, std::size_t number) {
    std::vector<std::byte> output(input.rbegin(), input.rend());
    output.push_back(static_cast<std::byte>(number));
    return output;
}

std::optional<std::size_t> UploadModel::acknowledged_variant(std::uint16_t index) const {
    const auto found = sent.find(index);
    if (found == sent.end()) {
        return std::nullopt;
    }
    const auto& wishes = found->second;
    const auto stands = std::ranges::find_if(wishes, &Wish::acknowledged);
    return stands == wishes.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(stands - wishes.begin()));
}

bool UploadModel::is_surely_complete() const {
    for (const auto& [index, wishes] : sent) {
        if (index >= plan.lengths.size() &&
            std::ranges::any_of(wishes, [](const Wish& wish) { return wish.is_possible(); })) {
            return false;
        }
    }
    for (std::uint16_t index = 0; index < plan.lengths.size(); ++index) {
        const auto variant = acknowledged_variant(index);
        if (!variant || *variant > 1) {
            return false;
        }
    }
    return true;
}

bool UploadModel::may_stand(std::uint16_t index, const std::vector<std::byte>& bytes) const {
    const auto found = sent.find(index);
    if (found == sent.end()) {
        return false;
    }
    for (std::size_t variant = 0; variant < variant_count; ++variant) {
        if (found->second.at(variant).is_possible() && bytes_of(plan, index, variant) == bytes) {
            return true;
        }
    }
    return false;
}

bool UploadModel::may_stand_other(std::uint16_t index, const std::vector<std::byte>& bytes) const {
    const auto found = sent.find(index);
    if (found == sent.end()) {
        return false;
    }
    for (std::size_t variant = 0; variant < variant_count; ++variant) {
        if (found->second.at(variant).is_possible() && bytes_of(plan, index, variant) != bytes) {
            return true;
        }
    }
    return false;
}

std::uint64_t UploadModel::most_received() const {
    std::uint64_t sum = 0;
    for (const auto& [index, wishes] : sent) {
        std::uint64_t most = 0;
        for (std::size_t variant = 0; variant < variant_count; ++variant) {
            if (wishes.at(variant).is_possible()) {
                most = std::max<std::uint64_t>(most, bytes_of(plan, index, variant).size());
            }
        }
        sum += most;
    }
    return sum;
}

}  // namespace sluice::simulation
