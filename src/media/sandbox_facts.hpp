// What the self-test of a worker found: which walls around its decoders hold on this machine. One
// line from worker to server. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct SandboxFacts {
    bool files = false;        // no file can be opened that was not allowed
    bool network = false;      // no socket can be made
    bool processes = false;    // no process can be made
    bool own_network = false;  // and the worker has left the machine's network besides
    int landlock_version = 0;  // of the kernel
    bool operator==(const SandboxFacts&) const = default;

    // Without these no medium is decoded unless it is told so.
    bool holds() const { return files && network; }
};

// With its '\n'.
std::string encode(const SandboxFacts& facts);
// Nothing: it is none.
std::optional<SandboxFacts> decode_sandbox_facts(std::string_view line);

// For people: "files, network", of those that hold (or do not); "nothing".
std::string walls_that(bool hold, const SandboxFacts& facts);

}  // namespace sluice
