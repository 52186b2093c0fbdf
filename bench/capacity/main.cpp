// Prints the tables of docs/capacity.md (`make capacity`). The same program prints the same tables.
#include <cstdio>
#include <string_view>

#include "capacity/cluster.hpp"

namespace sluice::capacity {
namespace {

void print_demands(const Demands& found) {
    std::puts("### What a call asks of the stores (recorded from the service)\n");
    std::puts(
        "| call | metadata reads | commits | objects put | ranges read |\n|---|---|---|---|---|"
    );
    const auto row = [](const char* name, const StoreCalls& calls) {
        std::printf(
            "| %s | %llu | %llu | %llu | %llu |\n",
            name,
            static_cast<unsigned long long>(calls.reads),
            static_cast<unsigned long long>(calls.commits),
            static_cast<unsigned long long>(calls.puts),
            static_cast<unsigned long long>(calls.gets)
        );
    };
    row("INIT", found.init);
    row("APPEND of 4 MiB", found.append);
    row("FINALIZE", found.finalize);
    row("STATUS, open", found.status_open);
    row("STATUS, queued", found.status_queued);
    row("a worker claims the job", found.claim);
    row("… says how far it is", found.beat);
    row("… has done it, one file", found.done);
}

// Windows [from, to) as one.
Window sum(const Outcome& outcome, std::size_t from, std::size_t to) {
    Window all;
    for (std::size_t i = from; i < to && i < outcome.windows.size(); ++i) {
        const Window& each = outcome.windows[i];
        all.uploads += each.uploads;
        all.calls += each.calls;
        all.refused += each.refused;
        all.append_seconds.insert(
            all.append_seconds.end(), each.append_seconds.begin(), each.append_seconds.end()
        );
        all.status_seconds.insert(
            all.status_seconds.end(), each.status_seconds.begin(), each.status_seconds.end()
        );
    }
    return all;
}

double refused_percent(const Window& window) {
    const double all = static_cast<double>(window.calls + window.refused);
    return all > 0 ? 100 * static_cast<double>(window.refused) / all : 0;
}

void print_scale(const Demands& demands) {
    std::puts("\n### 10, 100 and 1,000 nodes\n");
    std::puts(
        "Seconds 2 to 5 of a start from nothing. Busy: the busiest of its kind over all 5 "
        "seconds.\n"
    );
    std::puts(
        "| nodes | databases | prefixes | offered, uploads/s | done/s | APPEND p50 / p99 ms | 503 "
        "| busy: "
        "CPU, wire, database, prefix |\n|---|---|---|---|---|---|---|---|"
    );
    const Scenario rows[] = {
        {.nodes = 10, .uploads_each_second = 400},
        {.nodes = 100, .uploads_each_second = 4000},
        {.nodes = 100, .uploads_each_second = 4000, .prefixes = 64},
        {.nodes = 100, .uploads_each_second = 4000, .databases = 2, .prefixes = 64},
        {.nodes = 1000, .uploads_each_second = 40000, .prefixes = 64},
        {.nodes = 1000, .uploads_each_second = 40000, .databases = 20, .prefixes = 64},
        {.nodes = 10, .uploads_each_second = 600},
        {.nodes = 100, .uploads_each_second = 600},
        {.nodes = 1000, .uploads_each_second = 600},
    };
    for (const Scenario& scenario : rows) {
        const Outcome outcome = simulate(scenario, demands, {});
        const Window found = sum(outcome, 2, 5);
        std::printf(
            "| %zu | %zu | %zu | %.0f | %.0f | %.0f / %.0f | %.1f %% | %.0f %%, %.0f %%, %.0f %%, "
            "%.0f %% |\n",
            scenario.nodes,
            scenario.databases,
            scenario.prefixes,
            scenario.uploads_each_second,
            static_cast<double>(found.uploads) / 3,
            1e3 * percentile(found.append_seconds, 0.5),
            1e3 * percentile(found.append_seconds, 0.99),
            refused_percent(found),
            100 * outcome.node_cpu,
            100 * outcome.node_wire,
            100 * outcome.database_cpu,
            100 * outcome.prefix
        );
    }
}

void print_zone(const Demands& demands) {
    std::puts("\n### A zone of three is lost at 60 s\n");
    std::puts("33 nodes, 64 prefixes, one database, which survives.\n");
    std::puts(
        "| offered, uploads/s | seconds | done/s | APPEND p99 ms | refused or cut off "
        "|\n|---|---|---|---|---|"
    );
    for (const double load : {1000.0, 1800.0}) {
        const Outcome outcome = simulate(
            {.nodes = 33,
             .uploads_each_second = load,
             .seconds = 80,
             .prefixes = 64,
             .zone_lost_at = 60},
            demands,
            {}
        );
        const std::size_t looks[][2] = {{50, 60}, {60, 62}, {62, 70}, {70, 80}};
        for (const auto& [from, to] : looks) {
            const Window found = sum(outcome, from, to);
            std::printf(
                "| %.0f | %zu to %zu | %.0f | %.0f | %.2f %% |\n",
                load,
                from,
                to,
                static_cast<double>(found.uploads) / static_cast<double>(to - from),
                1e3 * percentile(found.append_seconds, 0.99),
                refused_percent(found)
            );
        }
    }
}

void print_films(const Demands& demands) {
    std::puts("\n### When each upload is 10 s of 1080p\n");
    std::puts(
        "| uploads/s | cores that encode | jobs under way | commits/s of jobs | of one database's "
        "CPU |\n|---|---|---|---|---|"
    );
    for (const double uploads : {1.0, 10.0, 100.0, 1000.0}) {
        const Films films = films_of(uploads, demands, {});
        std::printf(
            "| %.0f | %.0f | %.0f | %.0f | %.1f %% |\n",
            uploads,
            films.cores,
            films.running,
            films.commits,
            100 * films.database_share
        );
    }
}

void print_herd(const Demands& demands) {
    std::puts("\n### A million interrupted uploads come back within 10 s\n");
    std::puts(
        "Each asks STATUS, sends its last segment and finishes; nothing else runs. 64 prefixes.\n"
    );
    std::puts(
        "| nodes | databases | half done at, s | 99 % at, s | gave up | STATUS p99 ms | APPEND p99 "
        "ms | 503 "
        "|\n|---|---|---|---|---|---|---|---|"
    );
    const std::size_t rows[][2] = {{100, 1}, {100, 20}, {1000, 1}, {1000, 20}};
    for (const auto& [nodes, databases] : rows) {
        const Outcome outcome = simulate(
            {.nodes = nodes, .databases = databases, .prefixes = 64, .herd = 1'000'000}, demands, {}
        );
        const Window found = sum(outcome, 0, outcome.windows.size());
        std::printf(
            "| %zu | %zu | %.1f | %.1f | %llu | %.0f | %.0f | %.1f %% |\n",
            nodes,
            databases,
            percentile(outcome.resumed_at, 0.5),
            percentile(outcome.resumed_at, 0.99),
            static_cast<unsigned long long>(outcome.given_up),
            1e3 * percentile(found.status_seconds, 0.99),
            1e3 * percentile(found.append_seconds, 0.99),
            refused_percent(found)
        );
    }
}

}  // namespace
}  // namespace sluice::capacity

int main(int count, char** words) {
    using namespace sluice::capacity;
    const std::string_view only = count > 1 ? words[1] : "";
    const Demands demands = record_demands(segments_each, segment_bytes);
    if (only.empty() || only == "scale") {
        print_demands(demands);
        print_scale(demands);
    }
    if (only.empty() || only == "films") {
        print_films(demands);
    }
    if (only.empty() || only == "zone") {
        print_zone(demands);
    }
    if (only.empty() || only == "herd") {
        print_herd(demands);
    }
    return 0;
}
