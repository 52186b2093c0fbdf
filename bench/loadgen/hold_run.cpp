// Mode `hold`: many open uploads, and what each of them costs the server in memory. A tenth more of them is opened before
// the memory is read first. Caches fill meanwhile, up to their limits: what one more upload costs is told by the --further
// ones that are opened after them.
#include <string>
#include <thread>

#include "loadgen/run.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t makers = 50;

class Holding {
  public:
    explicit Holding(Run& run) : run_(run) {}

    bool open(std::uint64_t count);
    // The same, and what each of these has added to the server's memory.
    bool measure(std::uint64_t count, const std::string& name, Measured& measured);

    double seconds() const { return seconds_; }  // that opening took, without the pauses behind it

  private:
    Task<> make();
    Task<> make_one(std::uint64_t number, Connection& connection);

    Run& run_;
    double seconds_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
};

Task<> Holding::make_one(std::uint64_t number, Connection& connection) {
    Upload upload{number, run_.options.size, {}, {}};
    if (const auto request = run_.protocol->create(upload)) {
        const Answer answer = co_await connection.ask(*request);
        if (!run_.protocol->take_created(answer, upload)) {
            run_.note_error("create", answer);
            co_return;
        }
    } else if (run_.options.hold == "idle") {
        co_await connection.ask(run_.protocol->status(upload));
    }
    if (run_.options.hold == "stalled") {
        const Chunk chunk = run_.protocol->chunks_of(upload).front();
        co_await connection.begin_only(run_.protocol->send(upload, chunk), run_.options.partial);
    }
    ++run_.counts.uploads;
}

// Without a connection of its own an upload is created over one that is used again, and closed at the end.
Task<> Holding::make() {
    const bool is_kept = run_.options.hold != "none";
    Connection* connection = &run_.connection();
    while (next_ < end_) {
        co_await make_one(next_++, *connection);
        if (is_kept) {
            connection = &run_.connection();
        }
    }
    if (!is_kept) {
        connection->close();
    }
}

bool Holding::open(std::uint64_t count) {
    end_ += count;
    std::vector<Task<>> tasks;
    for (std::size_t i = 0; i < makers; ++i) {
        tasks.push_back(make());
    }
    const auto began = Clock::now();
    const bool is_whole = run_.loop.run(tasks, run_.deadline());
    seconds_ += seconds_between(began, Clock::now());
    std::this_thread::sleep_for(std::chrono::duration<double>(run_.options.settle));
    return is_whole;
}

bool Holding::measure(std::uint64_t count, const std::string& name, Measured& measured) {
    const std::uint64_t already = run_.counts.uploads;
    const Usage before = usage_of(run_.options.pids);
    const bool is_whole = open(count);
    measured.after = usage_of(run_.options.pids);
    const std::uint64_t opened = run_.counts.uploads - already;
    const auto each = [opened](std::uint64_t from, std::uint64_t to) {
        return (static_cast<double>(to) - static_cast<double>(from)) / 1024 /
               static_cast<double>(opened);
    };
    measured.more[name + "rss_kib_each"] = each(before.rss, measured.after.rss);
    measured.more[name + "anonymous_kib_each"] = each(before.anonymous, measured.after.anonymous);
    measured.more[name + "slab_kib_each"] = each(before.slab, measured.after.slab);
    return is_whole && opened == count;
}

}  // namespace

bool run_hold(Run& run, Measured& measured) {
    Holding holding(run);
    bool is_whole = holding.open(run.options.uploads / 10 + makers);
    measured.before = usage_of(run.options.pids);
    run.began = Clock::now();  // of its deadline
    // Time and counts are of what is measured alone.
    const double before = holding.seconds();
    run.counts.uploads = 0;
    is_whole = holding.measure(run.options.uploads, "", measured) && is_whole;
    if (run.options.further > 0) {
        is_whole = holding.measure(run.options.further, "further_", measured) && is_whole;
    }
    measured.seconds = holding.seconds() - before;
    return is_whole;
}

}  // namespace sluice::bench
