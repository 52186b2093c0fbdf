// What only a store that many use at once can get wrong.
#include "store/postgres/postgres_metadata_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "store/metadata_store_suite.hpp"
#include "store/postgres/test_postgres.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<PostgresDatabase> opened(const std::string& url) {
    return PostgresDatabase::open(url, {.connections = 8}).value();
}

// The sums decide about quotas, so those who create at once must not pass together.
TEST(PostgresMetadataStore, ThoseWhoCreateAtOnceDoNotPassTheQuotaTogether) {
    const auto database = opened(TestPostgres::shared().make_database());
    PostgresMetadataStore store(database);
    std::atomic<int> created = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 1; i <= 12; ++i) {
        threads.emplace_back([&, i] {
            const bool by_room = i % 2 == 0;
            Upload upload = open_upload(i);
            upload.owner = by_room ? Principal{"room" + std::to_string(i)} : alice();
            CreateTerms terms(Quota{.uploads_open_max = by_room ? 0u : 3u});
            // Those of the quota promise 300 at most, in which half of the others find no room.
            terms.room = by_room ? std::optional(ByteCount{600}) : std::nullopt;
            const auto done = store.create(upload, terms);
            ++(done ? created : refused);
        });
    }
    threads.clear();
    EXPECT_EQ(store.usage_of(alice())->uploads_open, 3u);
    EXPECT_LE(store.promised()->value, 900u);
    EXPECT_EQ(created + refused, 12);
    EXPECT_EQ(store.promised()->value, static_cast<std::uint64_t>(created) * 100);
}

TEST(PostgresMetadataStore, ManyWhoClaimAtOnceGetDifferentJobs) {
    const std::string url = TestPostgres::shared().make_database();
    const auto database = opened(url);
    PostgresMetadataStore store(database);
    for (std::uint64_t i = 1; i <= 16; ++i) {
        Upload upload = open_upload(i);
        upload.state = UploadState::queued;
        upload.received = upload.total;
        upload.segments_received = 1;
        ASSERT_TRUE(store.create_whole(upload, segment_of(i, 0, 100), job_of(i, store_test_now)));
    }
    std::mutex mutex;
    std::multiset<std::uint64_t> got;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            const std::string holder = "node" + std::to_string(i);
            while (true) {
                const auto job = store.claim_job(Lane::film, holder, store_test_now, 30s);
                ASSERT_TRUE(job) << job.error().detail;
                if (!*job) {
                    return;
                }
                const std::scoped_lock lock(mutex);
                got.insert((*job)->id.value);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(got.size(), 16u);
    EXPECT_EQ(std::set<std::uint64_t>(got.begin(), got.end()).size(), 16u);
}

void queue_one(PostgresMetadataStore& store) {
    Upload upload = open_upload(1);
    upload.state = UploadState::queued;
    upload.received = upload.total;
    upload.segments_received = 1;
    ASSERT_TRUE(store.create_whole(upload, segment_of(1, 0, 100), job_of(1, store_test_now)));
}

// Leases are judged by the database's clock alone: a node whose clock is wrong, if only until it has asked
// for the time again, neither keeps a job from the others for as long nor takes theirs.
TEST(PostgresMetadataStore, ALeaseGoesByTheClockOfTheDatabaseWhateverTheNodesSay) {
    PostgresMetadataStore store(opened(TestPostgres::shared().make_database()));
    queue_one(store);
    const WallTime ahead = store_test_now + 1h;
    const WallTime behind = store_test_now - 1h;
    ASSERT_TRUE(*store.claim_job(Lane::film, "ahead", ahead, 1ms));
    std::this_thread::sleep_for(20ms);
    const auto job = store.claim_job(Lane::film, "behind", behind, 1ms);
    ASSERT_TRUE(job && *job) << "the lease is over, though not by the clock of who had it";
    ASSERT_TRUE(store.heartbeat((*job)->id, (*job)->fence, {}, behind, 1min));
    EXPECT_FALSE(*store.claim_job(Lane::film, "ahead", ahead, 1min));
    ASSERT_TRUE(store.heartbeat((*job)->id, (*job)->fence, {}, ahead, 1ms));
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(*store.claim_job(Lane::film, "behind", behind, 1min));
}

TEST(PostgresMetadataStore, ALeaseOfATimeThatHasNotComeDoesNotHold) {
    const auto database = opened(TestPostgres::shared().make_database());
    PostgresMetadataStore store(database);
    queue_one(store);
    ASSERT_TRUE(*store.claim_job(Lane::film, "dead", store_test_now, 30s));
    EXPECT_FALSE(*store.claim_job(Lane::film, "other", store_test_now, 30s));
    ASSERT_TRUE(database->execute(
        "UPDATE jobs SET leased_at = leased_at + 86400000, lease_until = lease_until + 86400000"
    ));
    EXPECT_TRUE(*store.claim_job(Lane::film, "other", store_test_now, 30s))
        << "the database's clock was a day ahead then";
    EXPECT_FALSE(*store.claim_job(Lane::film, "third", store_test_now, 30s));
}

// Random calls about a few uploads, as a node makes them; refusals are as good as successes.
class Node {
  public:
    Node(const std::string& url, unsigned seed) : store_(opened(url)), random_(seed) {}

    void run(int calls) {
        for (int i = 0; i < calls; ++i) {
            const std::uint64_t id = 1 + random_() % 6;
            const auto done = call(id, random_() % 8);
            if (!done) {
                const ErrorCode code = done.error().code;
                EXPECT_TRUE(code == ErrorCode::store_conflict || code == ErrorCode::store_not_found)
                    << done.error().detail << done.error().facts;
            }
        }
    }

  private:
    Result<void> call(std::uint64_t id, unsigned which) {
        const auto index = static_cast<std::uint16_t>(random_() % 4);
        switch (which) {
            case 0:
                return store_.create(open_upload(id, 100), Quota{.uploads_open_max = 100});
            case 1:
            case 2:
            case 3:
                return store_.add_segment({id}, segment_of(id, index, 25), {}, store_test_now);
            case 4:
                return store_.drop_segments({id}, {{index}}, store_test_now);
            case 5:
                return store_.keep_all({{id}, {1 + id % 6}}, store_test_now);
            case 6:
                return finish(id);
            default:
                return process();
        }
    }

    Result<void> finish(std::uint64_t id) {
        const auto found = store_.find_any({id});
        const auto sealed = found ? found->upload.sealed(found->segments, store_test_now)
                                  : Result<Upload>(found.error());
        if (!sealed) {
            return ok();
        }
        return store_.change(
            *sealed->queued(store_test_now), UploadState::open, job_of(id, store_test_now)
        );
    }

    // A lease that has ended at once, so that every job is taken by several; one of them ends it.
    Result<void> process() {
        const auto job = store_.claim_job(Lane::film, "node", store_test_now, -1ms);
        if (!job || !*job) {
            return job ? ok() : Result<void>(job.error());
        }
        const LeasedJob& leased = **job;
        EXPECT_EQ(leased.upload.state, UploadState::processing);
        if (random_() % 3 == 0) {
            return store_.heartbeat(
                leased.id, leased.fence, {.percent = 50, .step = "encode"}, store_test_now, -1ms
            );
        }
        auto done = store_.finish_job(
            leased.id,
            leased.fence,
            *leased.upload.succeeded(test_content, store_test_now),
            {output_of(leased.id.value + 1000, "a.mp4")}
        );
        finished_ += done ? 1 : 0;
        return done;
    }

    PostgresMetadataStore store_;
    std::minstd_rand random_;

  public:
    int finished_ = 0;
};

TEST(PostgresMetadataStore, AfterManyCallsFromTwoNodesEverySumIsRight) {
    const std::string url = TestPostgres::shared().make_database();
    std::vector<std::unique_ptr<Node>> nodes;
    for (unsigned seed = 1; seed <= 4; ++seed) {
        nodes.push_back(std::make_unique<Node>(url, seed));
    }
    {
        std::vector<std::jthread> threads;
        for (const auto& node : nodes) {
            threads.emplace_back([&node] { node->run(300); });
        }
    }
    const auto database = opened(url);
    const auto count = [&database](const char* sql) {
        const auto rows = database->query(sql);
        EXPECT_TRUE(rows) << rows.error().detail;
        return rows ? rows->front().number(0) : 0;
    };
    int finished = 0;
    for (const auto& node : nodes) {
        finished += node->finished_;
    }
    EXPECT_GT(finished, 0);
    EXPECT_EQ(
        count("SELECT count(*) FROM uploads WHERE state = 'ready'"),
        static_cast<std::uint64_t>(finished)
    ) << "a job ends once";
    EXPECT_EQ(count("SELECT count(*) FROM outputs"), static_cast<std::uint64_t>(finished));
    EXPECT_EQ(
        count("SELECT count(*) FROM uploads u WHERE received <> (SELECT coalesce(sum(length), 0) "
              "FROM segments WHERE upload = u.id) OR segments_received <> (SELECT count(*) FROM "
              "segments WHERE upload = u.id)"),
        0u
    );
    EXPECT_EQ(
        count("SELECT count(*) FROM jobs j JOIN uploads u ON u.id = j.media "
              "WHERE u.state NOT IN ('queued', 'processing')"),
        0u
    );
    EXPECT_EQ(
        count("SELECT coalesce(sum(total), 0) FROM uploads WHERE state = 'open' "
              "AND segments_received = 0"),
        count("SELECT sum(bytes) FROM promised_space")
    );
    EXPECT_EQ(
        count("SELECT sum(uploads_open) FROM usage_of_owners"),
        count("SELECT count(*) FROM uploads WHERE state = 'open'")
    );
    EXPECT_EQ(
        count("SELECT sum(bytes) FROM usage_of_owners"),
        count("SELECT sum(total) FROM uploads WHERE state NOT IN ('cancelled', 'expired')")
    );
}

}  // namespace
}  // namespace sluice
