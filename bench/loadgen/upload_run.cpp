// Mode `upload`: a group of connections takes one upload after the other, its connections take the
// chunks of it.
#include <algorithm>
#include <utility>

#include "loadgen/run.hpp"

namespace sluice::bench {
namespace {

// The end of several tasks, for one that waits for all of them.
struct Gate {
    Loop& loop;
    std::size_t left = 0;
    std::coroutine_handle<> waiting;

    void pass() {
        if (--left == 0 && waiting) {
            loop.resume_soon(std::exchange(waiting, {}));
        }
    }
    bool await_ready() const { return left == 0; }
    void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
    void await_resume() const {}
};

class Uploading {
  public:
    explicit Uploading(Run& run)
        : run_(run), next_(run.options.first), end_(run.options.first + run.options.uploads) {}

    Task<> group(std::size_t width);
    std::vector<Upload> finished;

  private:
    struct Work {
        Upload upload;
        std::vector<Chunk> chunks;
        std::size_t next = 0;
        bool is_lost = false;
    };
    using Connections = std::vector<Connection*>;

    Task<bool> upload_one(Connections& connections, Work& work);
    Task<bool> create(Connection& connection, Upload& upload);
    Task<> send_chunks(Connection& connection, Work& work);
    Task<> send_and_pass(Connection& connection, Work& work, Gate& gate);
    Task<> send_all(Connections& connections, Work& work);

    Run& run_;
    std::uint64_t next_;
    std::uint64_t end_;
};

Task<bool> Uploading::create(Connection& connection, Upload& upload) {
    const auto request = run_.protocol->create(upload);
    if (!request) {
        co_return true;
    }
    const Answer answer = co_await run_.ask_until_taken(connection, *request, "create");
    if (!run_.protocol->take_created(answer, upload)) {
        run_.note_error("create", answer);
        co_return false;
    }
    ++run_.counts.requests;
    co_return true;
}

Task<> Uploading::send_chunks(Connection& connection, Work& work) {
    while (work.next < work.chunks.size() && !work.is_lost) {
        const Chunk chunk = work.chunks[work.next++];
        const Request request = run_.protocol->send(work.upload, chunk);
        const Answer answer = co_await run_.ask_until_taken(connection, request, "chunk");
        if (run_.protocol->took_chunk(answer)) {
            run_.counts.bytes += chunk.length;
            ++run_.counts.requests;
        } else {
            run_.note_error("chunk", answer);
            work.is_lost = true;
        }
    }
}

Task<> Uploading::send_and_pass(Connection& connection, Work& work, Gate& gate) {
    co_await send_chunks(connection, work);
    gate.pass();
}

Task<> Uploading::send_all(Connections& connections, Work& work) {
    if (connections.size() == 1) {
        co_await send_chunks(*connections.front(), work);
        co_return;
    }
    Gate gate{run_.loop, connections.size(), {}};
    std::vector<Task<>> tasks;
    for (auto& connection : connections) {
        tasks.push_back(send_and_pass(*connection, work, gate));
    }
    for (auto& task : tasks) {
        task.start();
    }
    co_await gate;
    for (auto& task : tasks) {
        task.rethrow_error();
    }
}

Task<bool> Uploading::upload_one(Connections& connections, Work& work) {
    const auto began = Clock::now();
    if (!co_await create(*connections.front(), work.upload)) {
        co_return false;
    }
    work.chunks = run_.protocol->chunks_of(work.upload);
    co_await send_all(connections, work);
    if (work.is_lost) {
        co_return false;
    }
    if (const auto request = run_.protocol->finish(work.upload)) {
        const Answer answer =
            co_await run_.ask_until_taken(*connections.front(), *request, "finalize");
        if (answer.status < 200 || answer.status > 299) {
            run_.note_error("finalize", answer);
            co_return false;
        }
        ++run_.counts.requests;
    }
    run_.counts.latency["upload"].add(seconds_between(began, Clock::now()) * 1e6);
    co_return true;
}

Task<> Uploading::group(std::size_t width) {
    Connections connections;
    for (std::size_t i = 0; i < width; ++i) {
        connections.push_back(&run_.connection());
    }
    while (next_ < end_) {
        Work work{.upload = {next_++, run_.options.size, {}, {}}, .chunks = {}};
        if (co_await upload_one(connections, work)) {
            ++run_.counts.uploads;
            if (run_.options.is_verifying) {
                finished.push_back(std::move(work.upload));
            }
        } else if (run_.counts.errors.size() > 20) {
            throw Broken("too many different errors");
        }
    }
}

}  // namespace

bool run_upload(Run& run, Measured& measured) {
    Uploading uploading(run);
    std::vector<Task<>> tasks;
    for (std::uint64_t i = 0; i < run.options.connections / run.options.parallel; ++i) {
        tasks.push_back(uploading.group(run.options.parallel));
    }
    measured.before = usage_of(run.options.pids);
    run.began = Clock::now();
    const bool is_timed = run.options.duration > 0;
    const auto end = run.began + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(run.options.duration)
                                 );
    const bool is_whole = run.loop.run(tasks, is_timed ? end : run.deadline());
    measured.seconds = seconds_between(run.began, Clock::now());
    measured.after = usage_of(run.options.pids);
    if (!is_whole && !is_timed) {
        ++run.counts.errors["timeout"];
    }
    if (!run.options.is_verifying) {
        return is_whole || is_timed;
    }
    const std::uint64_t sent = uploading.finished.size() * run.options.size;
    std::vector<Task<>> verification;
    verification.push_back(verify_uploads(run, uploading.finished));
    run.began = Clock::now();
    if (!run.loop.run(verification, run.deadline())) {
        ++run.counts.errors["verify: timeout"];
    }
    return (is_whole || is_timed) && run.counts.verified == sent && sent > 0;
}

}  // namespace sluice::bench
