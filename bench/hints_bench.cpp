// How long what was committed at one node stays unknown at another: from the end of a commit to hear()
// of another HintLine, by one PostgreSQL, in one run on one machine. Once with nothing beside it, once
// while so many others commit.
//
//   hints_bench postgres://URL [times] [others]
// On the last line the same for a program: the four figures in milliseconds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nodes/hint_line.hpp"
#include "store/postgres/postgres_database.hpp"

namespace {

using namespace sluice;
using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock;
using Database = std::shared_ptr<PostgresDatabase>;

void must(bool done, const char* what) {
    if (!done) {
        std::fprintf(stderr, "%s failed\n", what);
        std::exit(1);
    }
}

void commit(const Database& database) {
    must(database->execute("INSERT INTO hints_bench DEFAULT VALUES").has_value(), "commit");
}

class Listener {
  public:
    void hear(const Hint& hint) {
        const std::scoped_lock lock(mutex_);
        heard_ = hint.number;
        at_ = Moment::now();
        came_.notify_all();
    }
    // Nothing: it was lost.
    std::optional<Moment::time_point> when(std::uint64_t number) {
        std::unique_lock lock(mutex_);
        const bool is_there = came_.wait_for(lock, 5s, [&] { return heard_ == number; });
        return is_there ? std::optional(at_) : std::nullopt;
    }

  private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::uint64_t heard_ = 0;
    Moment::time_point at_;
};

struct Nodes {
    explicit Nodes(const std::string& url) : one(url, 1), other(url, 2) {
        one.start({.hear = [](const Hint&) {}, .missed = [] {}, .look = {}});
        other.start(
            {.hear = [this](const Hint& hint) { listener.hear(hint); }, .missed = [] {}, .look = {}}
        );
        const auto ends = Moment::now() + 10s;
        while (!(one.is_connected() && other.is_connected()) && Moment::now() < ends) {
            std::this_thread::sleep_for(10ms);
        }
        must(one.is_connected() && other.is_connected(), "to connect");
    }

    Listener listener;  // outlives the line that tells it
    HintLine one;
    HintLine other;
    std::uint64_t said = 0;
};

// Each is the first after a pause, of no length that anything here could beat to.
std::vector<double> measure(Nodes& nodes, const Database& database, int times) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(15'000 + i * 7'919 % 10'000));
        commit(database);
        const auto committed = Moment::now();
        nodes.one.say(
            {.kind = HintKind::answer, .id = {}, .number = ++nodes.said, .to = 0, .running = {}}
        );
        const auto heard = nodes.listener.when(nodes.said);
        must(heard.has_value(), "to hear a hint");
        took.push_back(std::chrono::duration<double, std::milli>(*heard - committed).count());
    }
    std::ranges::sort(took);
    return took;
}

double at(const std::vector<double>& sorted, double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void tell(const char* what, const std::vector<double>& took) {
    std::printf(
        "%s: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n",
        what,
        at(took, 0.5),
        at(took, 0.99),
        took.back()
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "hints_bench postgres://URL [times] [others]\n");
        return 2;
    }
    const int times = std::max(2, argc > 2 ? std::atoi(argv[2]) : 300);
    const int others = argc > 3 ? std::atoi(argv[3]) : 8;
    const auto opened = PostgresDatabase::open(argv[1]);
    must(opened.has_value(), "to open the database");
    const Database& database = *opened;
    must(
        database->execute("CREATE TABLE IF NOT EXISTS hints_bench (id BIGSERIAL)").has_value(),
        "to make a table"
    );
    Nodes nodes(argv[1]);
    const auto alone = measure(nodes, database, times);
    std::vector<double> beside;
    {
        std::atomic<bool> is_over = false;
        std::vector<std::jthread> threads;
        for (int i = 0; i < others; ++i) {
            threads.emplace_back([&database, &is_over] {
                while (!is_over) {
                    commit(database);
                }
            });
        }
        beside = measure(nodes, database, times);
        is_over = true;
    }
    tell("nothing beside it", alone);
    tell((std::to_string(others) + " others that commit").c_str(), beside);
    std::printf(
        "%.2f %.2f %.2f %.2f\n", at(alone, 0.5), at(alone, 0.99), at(beside, 0.5), at(beside, 0.99)
    );
    return 0;
}
