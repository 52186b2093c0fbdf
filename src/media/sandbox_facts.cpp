#include "media/sandbox_facts.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr int version_max = 1000;

constexpr std::array walls{
    std::pair{&SandboxFacts::files, std::string_view("files")},
    std::pair{&SandboxFacts::network, std::string_view("network")},
    std::pair{&SandboxFacts::processes, std::string_view("processes")},
    std::pair{&SandboxFacts::own_network, std::string_view("network namespace")},
};

}  // namespace

std::string encode(const SandboxFacts& facts) {
    return fmt::format(
        "walls {:d}{:d}{:d}{:d} landlock {}\n",
        facts.files,
        facts.network,
        facts.processes,
        facts.own_network,
        facts.landlock_version
    );
}

std::optional<SandboxFacts> decode_sandbox_facts(std::string_view line) {
    constexpr std::string_view before = "walls ";
    constexpr std::string_view between = " landlock ";
    const auto flags_at = before.size();
    const auto version_at = flags_at + walls.size() + between.size();
    if (!line.starts_with(before) || !line.ends_with('\n') || line.size() <= version_at ||
        line.substr(flags_at + walls.size(), between.size()) != between) {
        return std::nullopt;
    }
    const auto version = parse_unsigned(line.substr(version_at, line.size() - version_at - 1));
    if (!version || *version > version_max) {
        return std::nullopt;
    }
    SandboxFacts facts{.landlock_version = static_cast<int>(*version)};
    for (std::size_t i = 0; i < walls.size(); ++i) {
        const char flag = line[flags_at + i];
        if (flag != '0' && flag != '1') {
            return std::nullopt;
        }
        facts.*walls[i].first = flag == '1';
    }
    return facts;
}

std::string walls_that(bool hold, const SandboxFacts& facts) {
    std::string text;
    for (const auto& [wall, name] : walls) {
        if (facts.*wall == hold) {
            text += (text.empty() ? "" : ", ") + std::string(name);
        }
    }
    return text.empty() ? "nothing" : text;
}

}  // namespace sluice
