#include "loadgen/run.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice::bench {
namespace {

std::chrono::nanoseconds seconds(double count) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(count)
    );
}

}  // namespace

Clock::time_point Run::deadline() const {
    return began + seconds(options.timeout);
}

Task<Answer> Run::ask(Connection& connection, const Request& request, std::string kind) {
    const auto asked = Clock::now();
    Answer answer;
    std::string broken;
    try {
        answer = co_await connection.ask(request);
        counts.latency[kind].add(seconds_between(asked, Clock::now()) * 1e6);
    } catch (const Broken& error) {
        broken = error.what();
    }
    if (!broken.empty()) {
        connection.close();
        ++counts.errors[kind + ": " + broken];
    }
    co_return answer;
}

Task<Answer> Run::ask_until_taken(
    Connection& connection, const Request& request, std::string kind
) {
    for (;;) {
        Answer answer = co_await ask(connection, request, kind);
        if (answer.status != 503) {
            co_return answer;
        }
        ++counts.sheds;
        const double pause = std::max(0.1, std::atof(answer.header("Retry-After").c_str()));
        co_await loop.sleep_until(Clock::now() + seconds(pause));
    }
}

void Run::note_error(const std::string& kind, const Answer& answer) {
    if (answer.status != 0) {  // what broke has been noted
        ++counts.errors
              [kind + ": " + std::to_string(answer.status) + " " + answer.body.substr(0, 300)];
    }
}

}  // namespace sluice::bench
