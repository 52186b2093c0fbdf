// What the rows of an upload cost in each engine, with commits that survive power loss: INIT, four
// APPENDs, FINALIZE with its job, and reads, by so many callers at once, in one run on one machine.
//
//   stores_bench FOLDER|postgres://URL [callers] [uploads of each] [room]
// With "room" each INIT asks whether there is room on the disk, as a server with the local disk does.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/url.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"

namespace {

using namespace sluice;
using Moment = std::chrono::steady_clock;

constexpr std::uint64_t segment_bytes = 1'000'000;
constexpr int segments = 4;

std::unique_ptr<MetadataStore> opened(const std::string& where) {
    if (postgres::is_url(where)) {
        auto database = PostgresDatabase::open(where);
        if (!database) {
            std::fprintf(stderr, "%s\n", database.error().facts.c_str());
            std::exit(1);
        }
        return std::make_unique<PostgresMetadataStore>(*database);
    }
    return SqliteMetadataStore::open(where + "/bench.db").value();
}

WallTime now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()
    );
}

void must(bool done, const char* what) {
    if (!done) {
        std::fprintf(stderr, "%s failed\n", what);
        std::exit(1);
    }
}

enum Step { init, append, finalize, status, steps };
constexpr const char* names[] = {"INIT", "APPEND", "FINALIZE", "STATUS"};
using Times = std::array<std::vector<double>, steps>;

class Caller {
  public:
    Caller(MetadataStore& store, std::uint64_t number, bool has_room)
        : store_(store),
          number_(number),
          owner_{"user:" + std::to_string(number)},
          has_room_(has_room) {}

    void upload(std::uint64_t count) {
        const MediaId id{(number_ << 40U) | (count << 8U) | 1};
        CreateTerms terms;
        if (has_room_) {
            terms.room = ByteCount{std::uint64_t{1} << 50U};
        }
        const Upload upload = Upload::open({
            .id = id,
            .owner = owner_,
            .category = Category::tweet_video,
            .media_type = "video/mp4",
            .total = {segment_bytes * segments},
            .now = now(),
            .lifetime = std::chrono::hours{24},
        });
        timed(init, [&] { must(store_.create(upload, terms).has_value(), "create"); });
        for (std::uint16_t i = 0; i < segments; ++i) {
            const Segment segment{
                {i}, {{id.value}, {i * segment_bytes}, {segment_bytes}}, 7, now()
            };
            timed(append, [&] {
                must(store_.add_segment(id, segment, {}, now()).has_value(), "add_segment");
            });
            timed(status, [&] { must(store_.find_with_segments(owner_, id).has_value(), "find"); });
        }
        timed(finalize, [&] {
            const auto found = store_.find_with_segments(owner_, id);
            const auto sealed = found->upload.sealed(found->segments, now());
            const auto queued = sealed->queued(now());
            const NewJob job{{id.value}, id, now(), std::chrono::seconds{10}, Lane::film, now()};
            must(store_.change(*queued, UploadState::open, job).has_value(), "change");
        });
    }

    Times times;

  private:
    template <class Work>
    void timed(Step step, Work work) {
        const auto begun = Moment::now();
        work();
        times[step].push_back(
            std::chrono::duration<double, std::milli>(Moment::now() - begun).count()
        );
    }

    MetadataStore& store_;
    const std::uint64_t number_;
    const Principal owner_;
    const bool has_room_;
};

double at(std::vector<double>& sorted, double share) {
    return sorted.empty()
               ? 0
               : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "stores_bench FOLDER|postgres://URL [callers] [uploads] [room]\n");
        return 2;
    }
    const auto callers = static_cast<std::uint64_t>(argc > 2 ? std::atoi(argv[2]) : 16);
    const auto uploads = static_cast<std::uint64_t>(argc > 3 ? std::atoi(argv[3]) : 100);
    const auto store = opened(argv[1]);
    // Numbers of this run alone.
    const auto first =
        static_cast<std::uint64_t>(now().time_since_epoch().count() / 1000 % 1'000) * 1'000;
    std::vector<std::unique_ptr<Caller>> all;
    const auto begun = Moment::now();
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t i = 0; i < callers; ++i) {
            all.push_back(std::make_unique<Caller>(*store, first + i, argc > 4));
            threads.emplace_back([caller = all.back().get(), uploads] {
                for (std::uint64_t count = 0; count < uploads; ++count) {
                    caller->upload(count);
                }
            });
        }
    }
    const double seconds = std::chrono::duration<double>(Moment::now() - begun).count();
    std::printf(
        "%llu callers: %.0f uploads/s, %.0f commits/s\n",
        static_cast<unsigned long long>(callers),
        static_cast<double>(callers * uploads) / seconds,
        static_cast<double>(callers * uploads * (segments + 2)) / seconds
    );
    for (int step = init; step < steps; ++step) {
        std::vector<double> sorted;
        for (const auto& caller : all) {
            const auto& times = caller->times[static_cast<std::size_t>(step)];
            sorted.insert(sorted.end(), times.begin(), times.end());
        }
        std::ranges::sort(sorted);
        std::printf(
            "  %-8s p50 %.2f ms, p99 %.2f ms\n", names[step], at(sorted, 0.5), at(sorted, 0.99)
        );
    }
    return 0;
}
