// Mode `status`: small queries, as fast as they are answered (closed loop) or when they are due
// (open loop: a late answer makes the next one late, and that counts, so a stall is not hidden).
#include <cstdio>

#include "loadgen/run.hpp"

namespace sluice::bench {
namespace {

std::chrono::nanoseconds seconds(double count) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(count)
    );
}

class Asking {
  public:
    explicit Asking(Run& run) : run_(run) {}

    Task<> make_uploads();
    Task<> ask_at_once(std::size_t connection);
    Task<> ask_when_due(std::size_t connection);
    void begin() {
        began_ = Clock::now();
        ends_ = began_ + seconds(run_.options.duration);
    }

  private:
    Task<bool> make_one(Connection& connection, Upload& upload);
    Task<> wait_until_ready(Connection& connection, const Upload& upload);
    Task<> ask(Connection& connection, std::size_t number, Clock::time_point since);
    bool is_expected(const Answer& answer) const;

    Run& run_;
    std::vector<Upload> uploads_;
    std::vector<Request> requests_;
    Clock::time_point began_;
    Clock::time_point ends_;
};

// What is open is answered 409 by Sluice, at once and with what is missing.
bool Asking::is_expected(const Answer& answer) const {
    const bool is_open = run_.options.of == "open" && run_.options.protocol == "x";
    return answer.status == 200 || answer.status == 204 || (is_open && answer.status == 409);
}

Task<bool> Asking::make_one(Connection& connection, Upload& upload) {
    if (const auto request = run_.protocol->create(upload)) {
        const Answer answer = co_await connection.ask(*request);
        if (!run_.protocol->take_created(answer, upload)) {
            run_.note_error("create", answer);
            co_return false;
        }
    }
    if (run_.options.of == "open") {
        co_return true;
    }
    for (const Chunk& chunk : run_.protocol->chunks_of(upload)) {
        const Answer answer = co_await connection.ask(run_.protocol->send(upload, chunk));
        if (!run_.protocol->took_chunk(answer)) {
            run_.note_error("chunk", answer);
            co_return false;
        }
    }
    if (const auto request = run_.protocol->finish(upload)) {
        const Answer answer = co_await connection.ask(*request);
        if (answer.status < 200 || answer.status > 299) {
            run_.note_error("finalize", answer);
            co_return false;
        }
    }
    co_return true;
}

Task<> Asking::wait_until_ready(Connection& connection, const Upload& upload) {
    for (;;) {
        const Answer answer = co_await connection.ask(run_.protocol->status(upload));
        if (answer.body.find("\"state\":\"failed\"") != std::string::npos) {
            throw Broken("an upload was refused: " + answer.body);
        }
        if (answer.body.find("\"state\":\"succeeded\"") != std::string::npos ||
            answer.body.find("processing_info") == std::string::npos) {
            co_return;
        }
        co_await run_.loop.sleep_until(Clock::now() + std::chrono::milliseconds(500));
    }
}

Task<> Asking::make_uploads() {
    if (run_.options.of == "fixed") {
        requests_.push_back(run_.protocol->get(run_.options.target.path));
        co_return;
    }
    Connection& connection = run_.connection();
    for (std::uint64_t i = 0; i < run_.options.uploads; ++i) {
        Upload upload{run_.options.first + i, run_.options.size, {}, {}};
        if (!co_await make_one(connection, upload)) {
            throw Broken("the uploads to ask for could not be made");
        }
        requests_.push_back(run_.protocol->status(upload));
        uploads_.push_back(std::move(upload));
    }
    for (const Upload& upload : uploads_) {
        if (run_.options.of == "ready") {
            co_await wait_until_ready(connection, upload);
        }
    }
}

Task<> Asking::ask(Connection& connection, std::size_t number, Clock::time_point since) {
    std::string broken;
    Answer answer;
    try {
        answer = co_await connection.ask(requests_[number % requests_.size()]);
        run_.counts.latency["status"].add(seconds_between(since, Clock::now()) * 1e6);
    } catch (const Broken& error) {
        broken = error.what();
    }
    if (!broken.empty()) {
        connection.close();
        ++run_.counts.errors["status: " + broken];
    } else if (is_expected(answer)) {
        ++run_.counts.requests;
    } else {
        run_.note_error("status", answer);
    }
}

Task<> Asking::ask_at_once(std::size_t connection_number) {
    Connection& connection = run_.connection();
    for (std::size_t i = connection_number; Clock::now() < ends_; i += run_.options.connections) {
        co_await ask(connection, i, Clock::now());
    }
}

Task<> Asking::ask_when_due(std::size_t connection_number) {
    Connection& connection = run_.connection();
    for (std::size_t i = connection_number;; i += run_.options.connections) {
        const auto due = began_ + seconds(static_cast<double>(i) / run_.options.rate);
        if (due >= ends_) {
            co_return;
        }
        co_await run_.loop.sleep_until(due);
        co_await ask(connection, i, due);
    }
}

}  // namespace

bool run_status(Run& run, Measured& measured) {
    Asking asking(run);
    std::vector<Task<>> preparation;
    preparation.push_back(asking.make_uploads());
    if (!run.loop.run(preparation, run.deadline())) {
        ++run.counts.errors["timeout while the uploads were made"];
        return false;
    }
    if (run.options.waits_for_line) {
        std::puts("prepared");
        std::fflush(stdout);
        std::getchar();
    }
    std::vector<Task<>> tasks;
    for (std::size_t i = 0; i < run.options.connections; ++i) {
        tasks.push_back(run.options.rate > 0 ? asking.ask_when_due(i) : asking.ask_at_once(i));
    }
    measured.before = usage_of(run.options.pids);
    run.began = Clock::now();
    asking.begin();
    const bool is_whole = run.loop.run(tasks, run.deadline());
    measured.seconds = seconds_between(run.began, Clock::now());
    measured.after = usage_of(run.options.pids);
    if (!is_whole) {
        ++run.counts.errors["timeout"];
    }
    return is_whole;
}

}  // namespace sluice::bench
