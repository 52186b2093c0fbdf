#include "loadgen/options.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>
#include <string_view>

namespace sluice::bench {
namespace {

constexpr std::string_view usage =
    R"(usage: loadgen upload|status|hold --url http://127.0.0.1:PORT/PATH [options]
All of it on loopback, one thread. Prints one line of JSON. Sizes may end in K, M or G.

  --protocol x|tus|put     x: INIT, APPEND, FINALIZE, STATUS; tus: POST, PATCH, HEAD; put: PUT of each chunk (x)
  --pid N[,N...]           the server's processes, whose cost is measured with their descendants'
  --label TEXT             copied into the result
  --header 'NAME: VALUE'   sent with each request; may be repeated
  --stencil FILE           a whole small MP4 that every upload begins with; the rest is inside a box `free`
  --category C --type T    of INIT (tweet_video, video/mp4)
  --timeout S              the run has failed after it (300)
  --region SIZE            distinct bytes to send (64M)

upload: as fast as it goes
  --size SIZE --chunk SIZE --uploads N (64M, 4M, 16)
  --connections N          at the same time (1); --parallel N of them work at one upload (1, x only)
  --first N                number of the first upload (0); another number, other bytes
  --duration S             stop after S seconds whatever is left
  --verify                 afterwards get every upload and compare all of its bytes

status: queries over --connections N for --duration S
  --of open|finished|ready|fixed   uploads that are asked for (--uploads N of them), or GET of the URL itself
  --rate R                 R requests per second, open loop: latency counts from when a request was due. 0: closed loop
  --wait-for-line          say "prepared" once the uploads are made, and begin when a line comes on stdin

hold: memory of open uploads (--uploads N)
  --hold none|idle|stalled no connection; one that is idle; one that is silent after --partial SIZE (64K) of a chunk
  --further N              after those N more, measured by themselves: what each of them costs where caches are full (0)
  --settle S               wait before the memory is read (1)
)";

[[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr, "loadgen: %s\n%s", why.c_str(), std::string(usage).c_str());
    std::exit(2);
}

std::uint64_t size_of(const std::string& text) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const std::string_view units = "KMG";
    const auto unit = *end == '\0' ? std::string_view::npos : units.find(*end);
    if (end == text.c_str() || (*end != '\0' && unit == std::string_view::npos)) {
        refuse(text + " is not a size");
    }
    const int power = unit == std::string_view::npos ? 0 : static_cast<int>(unit + 1) * 10;
    return static_cast<std::uint64_t>(number * static_cast<double>(1ULL << power));
}

double number_of(const std::string& text) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0') {
        refuse(text + " is not a number");
    }
    return number;
}

void take_url(Target& target, const std::string& url) {
    const std::string begin = "http://127.0.0.1:";
    if (!url.starts_with(begin)) {
        refuse("--url begins with " + begin);
    }
    const auto slash = std::min(url.find('/', begin.size()), url.size());
    target.port =
        static_cast<std::uint16_t>(std::atoi(url.substr(begin.size(), slash - begin.size()).c_str())
        );
    target.path = slash == url.size() ? "/" : url.substr(slash);
}

std::vector<int> numbers_of(const std::string& text) {
    std::vector<int> numbers;
    std::istringstream stream(text);
    for (std::string one; std::getline(stream, one, ',');) {
        numbers.push_back(std::atoi(one.c_str()));
    }
    return numbers;
}

using Take = std::function<void(const std::string&)>;

std::map<std::string, Take> takers(Options& options) {
    const auto text = [](std::string& to) {
        return [&to](const std::string& value) { to = value; };
    };
    const auto size = [](std::uint64_t& to) {
        return [&to](const std::string& value) { to = size_of(value); };
    };
    const auto number = [](double& to) {
        return [&to](const std::string& value) { to = number_of(value); };
    };
    return {
        {"--url", [&options](const std::string& value) { take_url(options.target, value); }},
        {"--header",
         [&options](const std::string& value) { options.target.more_headers += value + "\r\n"; }},
        {"--pid", [&options](const std::string& value) { options.pids = numbers_of(value); }},
        {"--protocol", text(options.protocol)},
        {"--label", text(options.label)},
        {"--stencil", text(options.stencil)},
        {"--category", text(options.category)},
        {"--type", text(options.media_type)},
        {"--of", text(options.of)},
        {"--hold", text(options.hold)},
        {"--size", size(options.size)},
        {"--chunk", size(options.chunk)},
        {"--uploads", size(options.uploads)},
        {"--first", size(options.first)},
        {"--parallel", size(options.parallel)},
        {"--connections", size(options.connections)},
        {"--further", size(options.further)},
        {"--partial", size(options.partial)},
        {"--region", size(options.region)},
        {"--rate", number(options.rate)},
        {"--settle", number(options.settle)},
        {"--duration", number(options.duration)},
        {"--timeout", number(options.timeout)},
    };
}

void must_be_one_of(
    const std::string& name, const std::string& value, std::initializer_list<std::string_view> known
) {
    if (std::ranges::find(known, value) == known.end()) {
        refuse(name + " cannot be \"" + value + "\"");
    }
}

void check(const Options& options) {
    must_be_one_of("the mode", options.mode, {"upload", "status", "hold"});
    must_be_one_of("--protocol", options.protocol, {"x", "tus", "put"});
    must_be_one_of("--of", options.of, {"open", "finished", "ready", "fixed"});
    must_be_one_of("--hold", options.hold, {"none", "idle", "stalled"});
    if (options.target.port == 0) {
        refuse("--url is missing");
    }
    if (options.connections == 0 || options.parallel == 0 || options.chunk == 0 ||
        options.size == 0 || options.uploads == 0) {
        refuse("a count or a size is 0");
    }
    if (options.parallel > 1 && options.protocol != "x") {
        refuse("--parallel is for x");
    }
}

}  // namespace

Options options_of(int count, char** arguments) {
    Options options;
    options.mode = count > 1 ? arguments[1] : "";
    const auto known = takers(options);
    for (int i = 2; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--verify") {
            options.is_verifying = true;
            continue;
        }
        if (name == "--wait-for-line") {
            options.waits_for_line = true;
            continue;
        }
        const auto taker = known.find(name);
        if (taker == known.end() || i + 1 == count) {
            refuse(name + (taker == known.end() ? " is unknown" : " needs a value"));
        }
        taker->second(arguments[++i]);
    }
    check(options);
    options.chunk = std::min(options.chunk, options.size);
    options.parallel = std::min(options.parallel, options.connections);
    options.region = std::max<std::uint64_t>(options.region, 1ULL << 20);
    return options;
}

}  // namespace sluice::bench
