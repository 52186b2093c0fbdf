// The result of a run as one line of JSON.
#include <cstdio>

#include "loadgen/run.hpp"

namespace sluice::bench {
namespace {

constexpr double gib = 1ULL << 30;

std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            json += '\\';
        }
        json += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
    return json + "\"";
}

// Members of an object, in the order in which they are added.
class Members {
  public:
    void add_json(const std::string& name, const std::string& json) {
        text_ += (text_.empty() ? "" : ",") + quoted(name) + ":" + json;
    }
    void add(const std::string& name, const std::string& value) { add_json(name, quoted(value)); }
    void add(const std::string& name, double value) {
        char text[40];
        std::snprintf(text, sizeof text, "%.6g", value);
        add_json(name, text);
    }
    void add_count(const std::string& name, std::uint64_t value) {
        add_json(name, std::to_string(value));
    }
    std::string object() const { return "{" + text_ + "}"; }

  private:
    std::string text_;
};

std::string latency_json(const Histogram& histogram) {
    Members members;
    members.add_count("count", histogram.count());
    members.add("mean_us", histogram.mean());
    members.add("p50_us", histogram.quantile(0.5));
    members.add("p90_us", histogram.quantile(0.9));
    members.add("p99_us", histogram.quantile(0.99));
    members.add("p999_us", histogram.quantile(0.999));
    members.add("max_us", histogram.max());
    return members.object();
}

void add_rates(Members& members, const Counts& counts, double seconds) {
    members.add("mib_per_s", static_cast<double>(counts.bytes) / (1 << 20) / seconds);
    members.add("uploads_per_s", static_cast<double>(counts.uploads) / seconds);
    members.add("requests_per_s", static_cast<double>(counts.requests) / seconds);
}

void add_server(Members& members, const Counts& counts, const Measured& measured) {
    const double cpu = measured.after.cpu_s - measured.before.cpu_s;
    members.add("server_cpu_s", cpu);
    if (counts.bytes > 0) {
        members.add("cpu_s_per_gib", cpu * gib / static_cast<double>(counts.bytes));
    }
    if (counts.uploads > 0) {
        members.add("cpu_us_per_upload", cpu * 1e6 / static_cast<double>(counts.uploads));
    }
    if (counts.requests > 0) {
        members.add("cpu_us_per_request", cpu * 1e6 / static_cast<double>(counts.requests));
    }
    members.add(
        "kernel_threads_s", measured.after.kernel_threads_s - measured.before.kernel_threads_s
    );
    members.add("client_cpu_s", measured.after.client_s - measured.before.client_s);
    members.add_count("rss_before", measured.before.rss);
    members.add_count("rss_after", measured.after.rss);
    members.add_count("peak_rss", measured.after.peak_rss);
}

}  // namespace

std::string result_json(const Run& run, const Measured& measured) {
    const Counts& counts = run.counts;
    Members members;
    members.add("label", run.options.label);
    members.add("mode", run.options.mode);
    members.add("protocol", run.options.protocol);
    members.add("seconds", measured.seconds);
    members.add_count("bytes", counts.bytes);
    members.add_count("uploads", counts.uploads);
    members.add_count("requests", counts.requests);
    members.add_count("sheds", counts.sheds);
    members.add_count("verified_bytes", counts.verified);
    add_rates(members, counts, measured.seconds);
    add_server(members, counts, measured);
    for (const auto& [name, value] : measured.more) {
        members.add(name, value);
    }
    Members latency;
    for (const auto& [kind, histogram] : counts.latency) {
        latency.add_json(kind, latency_json(histogram));
    }
    members.add_json("latency", latency.object());
    Members errors;
    for (const auto& [text, count] : counts.errors) {
        errors.add_count(text, count);
    }
    members.add_json("errors", errors.object());
    return members.object();
}

}  // namespace sluice::bench
