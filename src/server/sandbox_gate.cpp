#include "server/sandbox_gate.hpp"

#include <array>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "processing/sandbox_check.hpp"

namespace sluice::server {
namespace {

void set_gauges(const SandboxFacts& facts, Metrics& metrics) {
    const std::array walls{
        std::pair{"files", facts.files},
        std::pair{"network", facts.network},
        std::pair{"processes", facts.processes},
        std::pair{"network_namespace", facts.own_network},
    };
    for (const auto& [wall, holds] : walls) {
        metrics
            .gauge(
                "sluice_sandbox_wall",
                "1: this wall around decoders held when it was tried at the start.",
                {{"wall", wall}}
            )
            .set(holds ? 1 : 0);
    }
}

Error no_sandbox(const std::string& why) {
    return {
        .code = ErrorCode::internal,
        .facts = why +
                 ". Decoders must not run like this on media of strangers. It needs Linux 5.13 or "
                 "newer with Landlock (look for it in /sys/kernel/security/lsm) and seccomp; with "
                 "media that you trust, --sandbox=off goes without"
    };
}

}  // namespace

Result<void> pass_sandbox_gate(const WorkerPoolSettings& settings, Metrics& metrics) {
    if (!settings.sandbox) {
        set_gauges({}, metrics);
        log::warning(
            "sandbox_off",
            "decoders run without walls, as asked for: whoever takes one over has all that this "
            "server has"
        );
        return ok();
    }
    const auto facts = check_sandbox(settings.worker_path, settings.scratch_folder);
    if (!facts) {
        return no_sandbox("the self-test of the sandbox did not end: " + facts.error().detail);
    }
    set_gauges(*facts, metrics);
    if (!facts->holds()) {
        return no_sandbox("walls of the sandbox that do not hold: " + walls_that(false, *facts));
    }
    const auto holds = walls_that(true, *facts);
    const auto lost = walls_that(false, *facts);
    const auto level = lost == "nothing" ? log::Level::info : log::Level::warning;
    log::write(
        level,
        "sandbox",
        "the walls around decoders were tried from inside",
        {{"hold", holds}, {"lost", lost}, {"landlock", facts->landlock_version}}
    );
    return ok();
}

}  // namespace sluice::server
