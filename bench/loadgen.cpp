// A load generator for one server on loopback: sends segments over X v1.1, or the same bodies as
// PUT, or asks STATUS, and prints one JSON line with what it cost. A thread per connection,
// blocking sockets; run by bench/run.sh. Never a part of the product.
//
//   loadgen append|put|status --port P [--pid P] [--conns N] [--total BYTES] [--chunk BYTES]
//   [--seconds S]
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string mode;
    std::uint16_t port = 0;
    int pid = 0;
    int connections = 1;
    std::uint64_t total = 1ULL << 30;
    std::uint64_t chunk = 4ULL << 20;
    int seconds = 3;
};

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

// One keep-alive connection. Counts on well-formed answers with a Content-Length or 204: this is
// not a test.
class Connection {
  public:
    explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            fail("cannot connect");
        }
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(socket_); }

    // Sends the pieces as one request; returns the status and leaves the body in `body`.
    int ask(std::vector<std::string_view> pieces) {
        send(pieces);
        return receive();
    }
    std::string body;

  private:
    void send(std::vector<std::string_view>& pieces) {
        for (auto& piece : pieces) {
            while (!piece.empty()) {
                const ssize_t sent =
                    ::send(socket_, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_MORE);
                if (sent <= 0) {
                    fail("the server closed the connection");
                }
                piece.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
        const int on = 1;
        ::setsockopt(
            socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on
        );  // flushes what MSG_MORE held back
    }

    void more() {
        char bytes[16384];
        const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count <= 0) {
            fail("the server closed the connection");
        }
        pending_.append(bytes, static_cast<std::size_t>(count));
    }

    int receive() {
        std::size_t end = pending_.find("\r\n\r\n");
        while (end == std::string::npos) {
            more();
            end = pending_.find("\r\n\r\n");
        }
        std::string head = pending_.substr(0, end);
        pending_.erase(0, end + 4);
        const std::size_t length = length_of(head);
        while (pending_.size() < length) {
            more();
        }
        body = pending_.substr(0, length);
        pending_.erase(0, length);
        return std::atoi(head.c_str() + 9);
    }

    static std::size_t length_of(std::string& head) {
        std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) {
            return std::tolower(c);
        });
        const std::size_t at = head.find("\r\ncontent-length:");
        return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 17, nullptr, 10);
    }

    int socket_;
    std::string pending_;
};

constexpr std::string_view api = "/1.1/media/upload.json";

std::string post_form(const std::string& form) {
    return "POST " + std::string(api) +
           " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
           "Content-Length: " + std::to_string(form.size()) + "\r\n\r\n" + form;
}

std::string open_upload(std::uint16_t port, std::uint64_t total) {
    Connection connection(port);
    const std::string request = post_form(
        "command=INIT&media_type=video/mp4&media_category=tweet_video&total_bytes=" +
        std::to_string(total)
    );
    const std::string_view mark = "\"media_id_string\":\"";
    if (connection.ask({request}) != 202 || connection.body.find(mark) == std::string::npos) {
        fail("INIT was refused: " + connection.body);
    }
    const std::string rest = connection.body.substr(connection.body.find(mark) + mark.size());
    return rest.substr(0, rest.find('"'));
}

// User and system seconds of a process, of its threads too, to 10 ms.
double cpu_seconds(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const char* at = text.c_str() + text.rfind(')') + 1;
    unsigned long user = 0;
    unsigned long system = 0;
    if (std::sscanf(at, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) !=
        2) {
        return 0;
    }
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t peak_kib(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::strtoull(line.c_str() + 6, nullptr, 10);
        }
    }
    return 0;
}

void send_segment(
    Connection& connection, const std::string& media_id, std::uint64_t index, std::string_view bytes
) {
    const auto field = [](std::string_view name, const std::string& value) {
        return "--b0\r\nContent-Disposition: form-data; name=\"" + std::string(name) +
               "\"\r\n\r\n" + value + "\r\n";
    };
    const std::string fields = field("command", "APPEND") + field("media_id", media_id) +
                               field("segment_index", std::to_string(index)) +
                               "--b0\r\nContent-Disposition: form-data; name=\"media\"; "
                               "filename=\"s\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    const std::string end = "\r\n--b0--\r\n";
    const std::string head = "POST " + std::string(api) +
                             " HTTP/1.1\r\nHost: bench\r\nContent-Type: multipart/form-data; "
                             "boundary=b0\r\nContent-Length: " +
                             std::to_string(fields.size() + bytes.size() + end.size()) +
                             "\r\n\r\n" + fields;
    if (connection.ask({head, bytes, end}) != 204) {
        fail("APPEND was refused: " + connection.body);
    }
}

void put_segment(Connection& connection, std::uint64_t index, std::string_view bytes) {
    const std::string head =
        "PUT /dav/" + std::to_string(index) +
        " HTTP/1.1\r\nHost: bench\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n";
    const int status = connection.ask({head, bytes});
    if (status != 201 && status != 204) {
        fail("PUT was refused with " + std::to_string(status));
    }
}

std::string noise(std::uint64_t count) {
    std::mt19937_64 engine(7);
    std::string bytes(count, '\0');
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        const std::uint64_t word = engine();
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    return bytes;
}

// Runs `work(thread)` on each connection; the first failure ends the program.
template <class Work>
double timed_on_all(int connections, const Work& work) {
    const auto began = Clock::now();
    std::vector<std::thread> threads;
    for (int n = 0; n < connections; ++n) {
        threads.emplace_back([&work, n] {
            try {
                work(n);
            } catch (const std::exception& error) {
                std::fprintf(stderr, "loadgen: %s\n", error.what());
                std::_Exit(1);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    return std::chrono::duration<double>(Clock::now() - began).count();
}

void bulk(const Options& options) {
    const bool is_put = options.mode == "put";
    const std::string media_id = is_put ? "" : open_upload(options.port, options.total);
    const std::string pattern = noise(options.chunk);
    const std::uint64_t segments = options.total / options.chunk;
    std::atomic<std::uint64_t> next = 0;
    const double cpu_before = cpu_seconds(options.pid);
    const double seconds = timed_on_all(options.connections, [&](int) {
        Connection connection(options.port);
        std::string bytes = pattern;
        for (std::uint64_t index = next++; index < segments; index = next++) {
            std::memcpy(bytes.data(), &index, sizeof index);
            is_put ? put_segment(connection, index, bytes)
                   : send_segment(connection, media_id, index, bytes);
        }
    });
    const double gib = static_cast<double>(options.total) / (1ULL << 30);
    const double cpu = cpu_seconds(options.pid) - cpu_before;
    std::printf(
        "{\"mode\":\"%s\",\"conns\":%d,\"seconds\":%.3f,\"mib_per_s\":%.1f,\"cpu_s_per_gib\":%.3f,"
        "\"peak_kib\":%llu}\n",
        options.mode.c_str(),
        options.connections,
        seconds,
        gib * 1024 / seconds,
        cpu / gib,
        static_cast<unsigned long long>(peak_kib(options.pid))
    );
}

void status(const Options& options) {
    const std::string media_id = open_upload(options.port, options.total);
    const std::string request = "GET " + std::string(api) + "?command=STATUS&media_id=" + media_id +
                                " HTTP/1.1\r\nHost: bench\r\n\r\n";
    const auto ends = Clock::now() + std::chrono::seconds(options.seconds);
    std::vector<std::vector<double>> waits(static_cast<std::size_t>(options.connections));
    const double cpu_before = cpu_seconds(options.pid);
    const double seconds = timed_on_all(options.connections, [&](int n) {
        Connection connection(options.port);
        for (auto now = Clock::now(); now < ends;) {
            connection.ask({request});  // 409 finalize_missing: the answer that Sluice is proud of
            const auto then = Clock::now();
            waits[static_cast<std::size_t>(n)].push_back(
                std::chrono::duration<double, std::milli>(then - now).count()
            );
            now = then;
        }
    });
    std::vector<double> all;
    for (const auto& some : waits) {
        all.insert(all.end(), some.begin(), some.end());
    }
    std::sort(all.begin(), all.end());
    const auto share = [&](double part) {
        return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    };
    const double count = static_cast<double>(all.size());
    std::printf(
        "{\"mode\":\"status\",\"conns\":%d,\"requests_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
        "\"cpu_us_per_request\":%.1f}\n",
        options.connections,
        count / seconds,
        share(0.5),
        share(0.99),
        (cpu_seconds(options.pid) - cpu_before) * 1e6 / count
    );
}

Options parse(int argc, char** argv) {
    std::map<std::string, std::string> flags;
    for (int n = 2; n + 1 < argc; n += 2) {
        flags[argv[n]] = argv[n + 1];
    }
    const auto number = [&](const char* name, std::uint64_t otherwise) {
        return flags.contains(name) ? std::stoull(flags[name]) : otherwise;
    };
    Options options;
    options.mode = argc > 1 ? argv[1] : "";
    options.port = static_cast<std::uint16_t>(number("--port", 0));
    options.pid = static_cast<int>(number("--pid", 0));
    options.connections = static_cast<int>(number("--conns", 1));
    options.total = number("--total", options.total);
    options.chunk = number("--chunk", options.chunk);
    options.seconds = static_cast<int>(number("--seconds", 3));
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse(argc, argv);
        if (options.mode == "append" || options.mode == "put") {
            bulk(options);
        } else if (options.mode == "status") {
            status(options);
        } else {
            fail(
                "loadgen append|put|status --port P [--pid P] [--conns N] [--total BYTES] [--chunk "
                "BYTES] [--seconds S]"
            );
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loadgen: %s\n", error.what());
        return 1;
    }
    return 0;
}
