#include "history.hpp"

#include "actors.hpp"

namespace sluice::simulation {
namespace {

// A history that does not end by then stands still.
constexpr std::uint64_t steps_max = 200'000;
constexpr std::size_t workers = 2;

}  // namespace

Outcome run_history(const HistoryOptions& options, Tally& tally) {
    World world(options, tally);
    world.boot();
    for (std::size_t i = 0; i < options.clients; ++i) {
        world.scheduler.spawn("client", [&world] { run_client(world); });
    }
    for (std::size_t i = 0; i < options.streamers; ++i) {
        world.scheduler.spawn("streamer", [&world] { run_streamer(world); });
    }
    for (std::size_t i = 0; i < workers; ++i) {
        world.scheduler.spawn("worker", [&world, i] { run_worker(world, i); });
    }
    world.scheduler.spawn("sweeper", [&world] { run_sweeper(world); });
    world.scheduler.spawn("doubter", [&world] { run_doubter(world); });
    world.scheduler.spawn("auditor", [&world] { run_auditor(world); });
    world.scheduler.run(
        [&world] {
            if (world.scheduler.steps() > steps_max) {
                world.checker.fail("the history does not come to its end");
            }
            return world.is_over;
        },
        [&world] { world.crashed(); }
    );
    if (!world.is_over) {
        world.checker.fail("everybody waits and nobody is waited for");
    }
    ++tally.histories;
    return {
        .violation = world.checker.violation(),
        .trace = world.scheduler.trace().hash(),
        .steps = world.scheduler.steps(),
        .calls = world.gate.calls(),
    };
}

std::string described(const HistoryOptions& options) {
    return "SIMULATION_SEED=" + std::to_string(options.seed) +
           " (durability=" + (options.is_strict ? "strict" : "relaxed") +
           ", crashes per 10000 steps: " + std::to_string(options.crashes.per_10000) +
           (options.loses_power ? " with" : " without") +
           " loss of power, faults per 10000 calls: " + std::to_string(options.faults.per_10000) +
           ", clients: " + std::to_string(options.clients) +
           ", of streams: " + std::to_string(options.streamers) + ")";
}

}  // namespace sluice::simulation
