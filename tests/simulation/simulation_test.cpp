#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"
#include "history.hpp"

namespace sluice::simulation {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr std::size_t mutant_count = static_cast<std::size_t>(Mutant::count) - 1;
constexpr std::array<std::string_view, mutant_count> mutant_names{
    "answers_before_sync",
    "forgets_folder_sync",
    "believes_failed_sync",
    "answers_before_record",
    "forgets_conflict_check",
    "loses_job",
    "takes_any_fence",
    "expires_anything",
    "removes_nothing",
    "forgets_orphans",
    "leases_twice",
    "reads_other_bytes",
    "counts_wrong",
    "seals_anything",
    "removes_whole_pack",
    "uses_a_place_twice",
    "forgets_repeat_key",
    "grows_beyond_quota",
    "make_durable_does_nothing",
};

constexpr std::array<Mutant, mutant_count> all_mutants = [] {
    std::array<Mutant, mutant_count> all{};
    for (std::size_t i = 0; i < mutant_count; ++i) {
        all[i] = static_cast<Mutant>(i + 1);
    }
    return all;
}();

void print(const Tally& tally, double seconds) {
    std::printf(
        "%llu histories, %llu steps, %llu calls of stores, %llu crashes, %llu faults; "
        "%llu bytes checked, %llu of them acknowledged; losses 0; %.0f histories/s\n",
        static_cast<unsigned long long>(tally.histories),
        static_cast<unsigned long long>(tally.steps),
        static_cast<unsigned long long>(tally.calls),
        static_cast<unsigned long long>(tally.crashes),
        static_cast<unsigned long long>(tally.faults),
        static_cast<unsigned long long>(tally.bytes_checked),
        static_cast<unsigned long long>(tally.acknowledged),
        static_cast<double>(tally.histories) / seconds
    );
    for (std::size_t i = 0; i < seen_count; ++i) {
        std::printf(
            "%s%s %llu",
            i % 6 == 0 ? "\n  " : ", ",
            std::string(seen_names[i]).c_str(),
            static_cast<unsigned long long>(tally.seen[i])
        );
    }
    std::printf("\n");
}

// Of ctest; all that is to be met is met in as many.
constexpr std::uint64_t standard_count = 800;
constexpr auto no_level = static_cast<log::Level>(9);

class Simulation : public testing::Test {
  protected:
    static void SetUpTestSuite() { log::set_level(no_level); }
};

TEST_F(Simulation, EveryPromiseIsKeptInEveryHistory) {
    const std::uint64_t count = number_from("SIMULATION_HISTORIES", standard_count);
    const std::uint64_t first = number_from("SIMULATION_SEED", 1);
    Tally tally;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const HistoryOptions options = options_of(seed);
        const Outcome outcome = run_history(options, tally);
        ASSERT_EQ(outcome.violation, "") << described(options);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    print(tally, took.count());
    for (std::size_t i = 0; i < seen_count && count >= standard_count; ++i) {
        EXPECT_GT(tally.seen[i], 0U) << "never met: " << seen_names[i];
    }
}

// An upload that was cancelled while its segments were compared with the disk (store_conflict told to
// whoever asked), a FINALIZE that sealed what the failed sync of another FINALIZE had lost, and a segment
// that was stored and refused as come too late; a FINALIZE that loaded what a check dropped; an APPEND whose
// index was taken when it came and free when that was looked into.
TEST_F(Simulation, HistoriesThatOnceWentWrongGoRight) {
    for (const std::uint64_t seed :
         {42'333ULL,
          45'020ULL,
          53'497ULL,
          57'461ULL,
          45'779ULL,
          4'046ULL,
          37'833ULL,
          105'299ULL,
          208'699ULL,
          303'572ULL}) {
        Tally tally;
        HistoryOptions options = options_of(seed);
        options.packed_max = {};  // they are older than packs, keys and streams
        options.has_keys = false;
        options.streamers = 0;
        EXPECT_EQ(run_history(options, tally).violation, "") << described(options);
    }
}

// With packs and keys: a file in one call that lost a race under its key to another file; segments whose
// bytes went with the sync of a pack that another upload shared, compared with what came again, or kept from
// being finalized.
TEST_F(Simulation, HistoriesWithPacksAndKeysThatOnceWentWrongGoRight) {
    for (const std::uint64_t seed : {399ULL, 1'992ULL, 305'437ULL, 7'003'079ULL, 8'001'740ULL}) {
        Tally tally;
        HistoryOptions options = options_of(seed);
        options.streamers = 0;
        EXPECT_EQ(run_history(options, tally).violation, "") << described(options);
    }
}

// Of streams: fsck took the bytes that a joined upload shares with its parts for a mistake; a store that failed
// while parts were looked at was told as a part that is not there; an upload that was deleted while its last
// byte was stored was told as a conflict; a request that was taken over by two at once stored once more.
TEST_F(Simulation, HistoriesOfStreamsThatOnceWentWrongGoRight) {
    for (const std::uint64_t seed : {106ULL, 350ULL, 528ULL, 1'692ULL}) {
        Tally tally;
        const HistoryOptions options = options_of(seed);
        EXPECT_EQ(run_history(options, tally).violation, "") << described(options);
    }
}

TEST_F(Simulation, TheSameSeedIsTheSameHistory) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Tally once;
        Tally again;
        EXPECT_EQ(
            run_history(options_of(seed), once).trace, run_history(options_of(seed), again).trace
        ) << seed;
        EXPECT_EQ(once.bytes_checked, again.bytes_checked);
    }
}

// A history in which the lie can make a difference.
HistoryOptions options_for(Mutant mutant, std::uint64_t seed) {
    HistoryOptions options = options_of(seed);
    options.mutant = mutant;
    options.loses_power = true;
    if (mutant == Mutant::make_durable_does_nothing) {
        options.is_strict = false;
        options.crashes.per_10000 = 100;
    } else if (mutant == Mutant::believes_failed_sync) {
        options.is_strict = true;
        options.faults.per_10000 = 200;
    } else if (mutant == Mutant::removes_whole_pack || mutant == Mutant::uses_a_place_twice) {
        options.packed_max = ByteCount{400};
    } else if (mutant == Mutant::forgets_repeat_key) {
        options.has_keys = true;
    } else if (mutant == Mutant::grows_beyond_quota) {
        options.quota = {.uploads_open_max = 0, .bytes_max = ByteCount{300}};
        options.streamers = 3;
    } else if (mutant == Mutant::seals_anything) {
        options.is_crowded = true;
    }
    return options;
}

// A checker that has not been seen red proves nothing: each lie that a store could tell is found.
class Lie : public Simulation, public testing::WithParamInterface<Mutant> {};

TEST_P(Lie, IsFound) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const HistoryOptions options = options_for(GetParam(), seed);
        if (const Outcome outcome = run_history(options, tally); !outcome.violation.empty()) {
            std::printf(
                "found in history %llu: %s\n",
                static_cast<unsigned long long>(seed),
                outcome.violation.c_str()
            );
            return;
        }
    }
    FAIL() << "the lie was not found";
}

// What a stream promises is checked for itself: with nobody else there, each of these is found.
class LieToStreams : public Lie {};

TEST_P(LieToStreams, IsFound) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        HistoryOptions options = options_for(GetParam(), seed);
        options.clients = 0;
        options.streamers = 3;
        if (const Outcome outcome = run_history(options, tally); !outcome.violation.empty()) {
            std::printf(
                "found in history %llu: %s\n",
                static_cast<unsigned long long>(seed),
                outcome.violation.c_str()
            );
            return;
        }
    }
    FAIL() << "the lie was not found";
}

INSTANTIATE_TEST_SUITE_P(
    Stores,
    LieToStreams,
    testing::Values(
        Mutant::answers_before_sync,
        Mutant::forgets_folder_sync,
        Mutant::believes_failed_sync,
        Mutant::answers_before_record,
        Mutant::loses_job,
        Mutant::removes_nothing,
        Mutant::uses_a_place_twice
    ),
    [](const testing::TestParamInfo<Mutant>& row) {
        return std::string(mutant_names[static_cast<std::size_t>(row.param) - 1]);
    }
);

INSTANTIATE_TEST_SUITE_P(
    Stores,
    Lie,
    testing::ValuesIn(all_mutants),
    [](const testing::TestParamInfo<Mutant>& row) {
        return std::string(mutant_names[static_cast<std::size_t>(row.param) - 1]);
    }
);

}  // namespace
}  // namespace sluice::simulation
