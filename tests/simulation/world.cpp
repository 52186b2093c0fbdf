#include "world.hpp"

#include <algorithm>
#include <utility>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* job_holder = "local";
constexpr std::chrono::hours orphan_age{1};
constexpr std::uint32_t orphans_max = 10'000;

UploadLimits limits_of(const HistoryOptions& options) {
    return {.lifetime = options.lifetime, .quota = options.quota};
}

}  // namespace

HistoryOptions options_of(std::uint64_t seed) {
    Random random(seed * 7919 + 1);
    HistoryOptions options{.seed = seed};
    options.is_strict = !random.one_in(4);
    options.loses_power = random.one_in(2);
    options.crashes.per_10000 = random.one_in(6) ? 0 : random.between(20, 200);
    options.faults.per_10000 = random.one_in(2) ? 0 : random.between(20, 300);
    if (random.one_in(8)) {
        options.capacity = {random.between(200, 1500)};
    }
    if (random.one_in(4)) {
        options.lifetime = std::chrono::seconds(random.between(5, 120));
    }
    if (random.one_in(8)) {
        options.quota = {.uploads_open_max = 2, .bytes_max = {}};
    } else if (random.one_in(8)) {
        options.quota = {.uploads_open_max = 0, .bytes_max = {random.between(100, 600)}};
    }
    options.is_crowded = random.one_in(3);
    options.clients = random.between(2, options.is_crowded ? 6 : 4);
    options.calls_each = random.between(6, 20);
    if (!random.one_in(3)) {
        options.packed_max = {random.between(60, 400)};
    }
    options.has_keys = random.one_in(2);
    options.streamers = random.one_in(3) ? random.between(1, 3) : 0;
    return options;
}

Process::Process(World& world)
    : blobs(
          world.disk,
          world.gate,
          world.clock,
          {.is_strict = world.options.is_strict,
           .capacity = world.options.capacity,
           .packed_max = world.options.packed_max}
      ),
      rows(world.journal, world.gate, world.checker),
      metadata(rows, hot),
      ids(world.clock, 0),
      events(world.journal.rows()),
      timeline(events, nullptr, &hot),
      doubts(world.journal.doubts(), metadata, blobs, world.clock, &timeline),
      jobs(metadata, blobs, world.clock, ids, {}, nullptr, &timeline),
      uploads(services(world), limits_of(world.options)),
      streams(services(world), uploads),
      clock_(world.clock),
      is_strict_(world.options.is_strict) {}

UploadServices Process::services(World& world) {
    return {
        metadata,
        blobs,
        world.attachments,
        world.clock,
        ids,
        speed,
        metrics,
        [] {},
        &timeline,
        &doubts,
        &hot
    };
}

// As the server's own start, see server/wiring.cpp.
Result<void> Process::recover(bool has_lost_power) {
    blobs.trim_abandoned();
    if (auto released = metadata.release_jobs_of(job_holder, clock_.now()); !released) {
        return std::move(released).error();
    }
    const auto newest = metadata.newest_number();
    if (!newest) {
        return newest.error();
    }
    ids.begin_after(*newest);
    const auto everything = Doubts::Scope();
    const auto scope =
        has_lost_power ? std::optional(is_strict_ ? Doubts::sample : everything) : std::nullopt;
    if (auto loaded = doubts.load(scope); !loaded) {
        return loaded;
    }
    auto removed = blobs.remove_orphans(is_known(), clock_.now() - orphan_age, orphans_max);
    return removed ? ok() : Result<void>(std::move(removed).error());
}

// In doubt it stays.
std::function<bool(BlobId)> Process::is_known() {
    return [this](BlobId blob) {
        const auto known = metadata.knows_blob(blob);
        return !known || *known;
    };
}

void Process::sweep_packs() {
    static_cast<void>(blobs.remove_dead_packs(is_known(), clock_.now() - orphan_age).has_value());
}

World::World(const HistoryOptions& of, Tally& to)
    : options(of),
      tally(to),
      random(of.seed),
      scheduler(random, clock, tally, of.crashes),
      gate(random, scheduler, tally, of.faults, of.mutant),
      journal(of.is_strict, of.mutant == Mutant::answers_before_record),
      checker(journal, disk, clock, tally, of.quota, of.is_strict) {
    checker.on_violation([this] { scheduler.stop(); });
}

void World::start() {
    bool is_up = false;
    const bool is_alive = scheduler.inside([&] {
        process = std::make_unique<Process>(*this);
        // One that cannot start is started again, by whoever runs it.
        while (!process->recover(has_lost_power_)) {
            gate.step(Site::think);
        }
        // The mark that this boot has a server is written when all that may be lost is in doubt.
        has_lost_power_ = false;
        is_up = true;
    });
    if (!is_alive) {
        tally.saw(Seen::crash_in_recovery);
    }
    if (is_alive && is_up) {
        scheduler.set_up(true);
        checker.check_all();
    }
}

void World::restart() {
    is_restart_ = true;
    scheduler.crash_now();
    scheduler.wait_until_up();
}

void World::boot() {
    scheduler.spawn("boot", [this] { start(); });
}

void World::crashed() {
    process.reset();
    checker.process_died();
    disk.local().clear();
    clock.advance(std::chrono::milliseconds(random.between(20, 3000)));  // a start takes its time
    if (std::exchange(is_restart_, false)) {
        boot();
        return;
    }
    ++tally.crashes;
    has_crashed = true;
    if (options.loses_power && random.one_in(2)) {
        tally.saw(Seen::power_lost);
        has_lost_power_ = true;
        disk.lose_power(random, tally);
        journal.lose_power(random, tally);
        checker.power_was_lost(options.is_strict);
    } else {
        tally.saw(Seen::killed);
        // A relaxed one may have died between a failed sync and its note of it.
        has_lost_power_ = has_lost_power_ || !options.is_strict;
    }
    boot();
}

}  // namespace sluice::simulation
