#include "server/owner_record.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "store/temporary_folder.hpp"

namespace sluice::server {
namespace {

const Place here{.file = "7.100.5", .boot = "b1.8:1"};
const Place rebooted{.file = "7.100.5", .boot = "b2.8:1"};
const Place second_device{.file = "7.100.5", .boot = "b1.8:2"};
const Place copied{.file = "9.200.5", .boot = "b1.8:1"};
const Place unknown{};

struct Case {
    const char* name;
    OwnerRecord owner;
    OwnRuns ours;
    Claim claim;
    Claim if_replacing;
};

OwnerRecord running(const char* run) {
    return {.run = run, .host = "h", .since = "s", .is_stopped = false, .asked_by = {}};
}
OwnerRecord stopped(const char* run) {
    OwnerRecord record = running(run);
    record.is_stopped = true;
    return record;
}

TEST(OwnerRecord, SaysWhoMayTakeABucket) {
    using enum Claim;
    const OwnRuns none;
    const OwnRuns on_disk_without_age{{{"a", {"7", "b1.8:1"}}}};
    const Case cases[] = {
        {"nobody has it", {}, none, at_once, at_once},
        {"killed here", running("a"), {{{"a", here}}}, at_once, at_once},
        {"killed before it came into the bucket",
         running("a"),
         {{{"b", here}, {"a", here}}},
         at_once,
         at_once},
        {"killed, and the machine began anew",
         running("a"),
         {{{"a", rebooted}}},
         after_silence,
         after_silence},
        {"a snapshot of its disk beside it",
         running("a"),
         {{{"a", second_device}}},
         after_silence,
         after_silence},
        {"a copy of the files", running("a"), {{{"a", copied}}}, of_copy, after_silence},
        {"a copy of unknown place", running("a"), {{{"a", unknown}}}, of_copy, after_silence},
        {"the inode alone is not enough", running("a"), on_disk_without_age, of_copy, after_silence
        },
        {"stopped, and then copied", stopped("a"), {{{"a", copied}}}, at_once, at_once},
        {"copied, and then stopped", stopped("b"), {{{"a", here}}}, of_other, at_once},
        {"another's", running("b"), {{{"a", here}}}, of_other, after_silence},
        {"never any", running("b"), none, of_other, after_silence},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(claim_on(one.owner, one.ours, here, false), one.claim) << one.name;
        EXPECT_EQ(claim_on(one.owner, one.ours, here, true), one.if_replacing) << one.name;
    }
}

TEST(OwnerRecord, ComesBackAsItWasWritten) {
    OwnerRecord record = stopped("r1");
    record.asked_by = "r2";
    EXPECT_EQ(parse_owner(text_of(record)), record);
    record.host = "a\nrun=evil";
    EXPECT_EQ(parse_owner(text_of(record)).run, "r1");
    EXPECT_EQ(parse_owner(""), OwnerRecord());
    EXPECT_NE(parse_owner("what is this").run, "") << "somebody's all the same";
}

TEST(OwnerRecord, ADirectoryKeepsItsRuns) {
    const TemporaryFolder folder;
    EXPECT_EQ(read_own_runs(folder.path())[0].id, "");
    EXPECT_TRUE(place_of(folder.path()).file.empty()) << "nobody has locked it";
    std::ofstream(folder.path("lock")) << "x";
    const Place place = place_of(folder.path());
    EXPECT_TRUE(place.is(place_of(folder.path())));
    const TemporaryFolder other;
    std::filesystem::copy(folder.path("lock"), other.path("lock"));
    EXPECT_FALSE(place.is_disk_of(place_of(other.path())));
    ASSERT_TRUE(write_own_runs(folder.path(), {OwnRun{"b", place}, OwnRun{"a", {}}}));
    const OwnRuns runs = read_own_runs(folder.path());
    EXPECT_EQ(runs[0].id, "b");
    EXPECT_TRUE(runs[0].place.is(place));
    EXPECT_EQ(runs[1].id, "a");
    EXPECT_FALSE(runs[1].place.is(unknown));
}

}  // namespace
}  // namespace sluice::server
