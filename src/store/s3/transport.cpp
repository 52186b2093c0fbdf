#include "store/s3/transport.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/assert.hpp"
#include "base/signal.hpp"
#include "base/text.hpp"

namespace sluice::s3 {
namespace {

// A list of 1,000 keys has about 400 kB.
constexpr std::size_t text_bytes_max = 8 << 20;
constexpr long send_buffer = 512 * 1024;
constexpr long receive_buffer = 256 * 1024;
constexpr long idle_connections_max = 128;

void init_curl_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    SLUICE_ASSERT(done == CURLE_OK);
}

// What no proxy can know: this machine, and what gives out the roles of its instance.
bool is_here(const std::string& url) {
    return url.find("://127.") != std::string::npos ||
           url.find("://169.254.") != std::string::npos ||
           url.find("://localhost") != std::string::npos ||
           url.find("://[::1]") != std::string::npos;
}

// One request on its way.
struct Exchange {
    HttpRequest request;
    HttpReply reply;
    std::uint64_t sent = 0;
    curl_slist* headers = nullptr;
    bool* has_new_head = nullptr;
    std::chrono::seconds silence{0};
    curl_off_t moved = 0;  // bytes, both ways
    std::chrono::steady_clock::time_point moved_at = std::chrono::steady_clock::now();
    Signal* ended = nullptr;         // null: nobody waits
    std::unique_ptr<Exchange> self;  // then it owns itself
};

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::span bytes(buffer, size * count);
    const std::size_t read =
        exchange.request.body->read({exchange.sent}, std::as_writable_bytes(bytes));
    const bool is_short = read == 0 && exchange.sent < exchange.request.body->length().value;
    exchange.sent += read;
    return is_short ? CURL_READFUNC_ABORT : read;
}

// A connection that had been closed meanwhile: the same again on a new one.
int on_seek(void* user, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    auto& exchange = *static_cast<Exchange*>(user);
    exchange.sent = static_cast<std::uint64_t>(offset);
    exchange.reply.was_sent_again = true;
    return CURL_SEEKFUNC_OK;
}

// Anything but `count` aborts.
std::size_t on_write(char* data, std::size_t size, std::size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::span bytes(data, size * count);
    HttpReply& reply = exchange.reply;
    if (!exchange.request.into.empty() && reply.is_success()) {
        const auto room = exchange.request.into.subspan(reply.received);
        if (bytes.size() > room.size()) {
            return 0;
        }
        std::ranges::copy(std::as_bytes(bytes), room.begin());
        reply.received += bytes.size();
        return bytes.size();
    }
    if (reply.text.size() + bytes.size() > text_bytes_max) {
        return 0;
    }
    reply.text.append(bytes.begin(), bytes.end());
    return bytes.size();
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    HttpReply& reply = exchange.reply;
    std::string_view line(data, size * count);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (line.starts_with("HTTP/")) {  // of each answer, also of a 100 before the real one
        *exchange.has_new_head = true;
        reply.headers.clear();
        const auto blank = line.find(' ');
        const auto code = blank == std::string_view::npos ? "" : line.substr(blank + 1, 3);
        reply.status = static_cast<long>(parse_unsigned(code).value_or(0));
        return size * count;
    }
    if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        reply.headers[lower_case(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
    return size * count;
}

// Called about once a second. curl's own limit looks at an average: five seconds more for a body that
// went quickly.
int on_progress(
    void* user,
    [[maybe_unused]] curl_off_t to_come,
    curl_off_t came,
    [[maybe_unused]] curl_off_t to_go,
    curl_off_t went
) {
    auto& exchange = *static_cast<Exchange*>(user);
    const auto now = std::chrono::steady_clock::now();
    if (came + went != exchange.moved) {
        exchange.moved = came + went;
        exchange.moved_at = now;
    }
    return now - exchange.moved_at > exchange.silence ? 1 : 0;
}

// The sockets that a loop has open.
using Sockets = std::set<curl_socket_t>;

int on_socket(void* user, curl_socket_t socket, [[maybe_unused]] curlsocktype purpose) {
    static_cast<Sockets*>(user)->insert(socket);
    return CURL_SOCKOPT_OK;
}

int on_close(void* user, curl_socket_t socket) {
    static_cast<Sockets*>(user)->erase(socket);
    return ::close(socket);
}

// A store that sends head and body apart, with Nagle's algorithm on (Ceph RGW as it comes), sends the body
// when the head is acknowledged, which the kernel puts off by 40 ms. The option does not last.
void acknowledge_at_once(const Sockets& sockets) {
    const int on = 1;
    for (const curl_socket_t socket : sockets) {
        ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
}

// A connection was there, so something of the request may have left. A time-out says nothing of that.
bool has_begun(CURL* easy) {
    curl_off_t until_begun = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &until_begun);
    return until_begun > 0;
}

void set_body(CURL* easy, Exchange& exchange) {
    if (exchange.request.body == nullptr) {
        if (exchange.request.method == "HEAD") {
            curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        }
        return;
    }
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(
        easy,
        CURLOPT_INFILESIZE_LARGE,
        static_cast<curl_off_t>(exchange.request.body->length().value)
    );
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, send_buffer);
}

void set_up(CURL* easy, Exchange& exchange, const TransportTimes& times) {
    for (const std::string& header : exchange.request.headers) {
        exchange.headers = curl_slist_append(exchange.headers, header.c_str());
    }
    // No "100 Continue" to wait for: the store has been told the length and the key already.
    exchange.headers = curl_slist_append(exchange.headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, exchange.request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange.request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.headers);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(times.connect.count()));
    exchange.silence = times.silence;
    curl_easy_setopt(
        easy, CURLOPT_TIMEOUT_MS, static_cast<long>(exchange.request.patience.count())
    );
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &exchange);
#if LIBCURL_VERSION_NUM >= 0x075700
    // A name server that does not answer keeps a thread, which an end of the server need not wait for.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (is_here(exchange.request.url)) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    // As the tools of AWS name it: a store inside a company has a CA of its own.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    if (const char* bundle = std::getenv("AWS_CA_BUNDLE"); bundle != nullptr && *bundle != '\0') {
        curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
    }
    set_body(easy, exchange);
}

}  // namespace

class Transport::Loop {
  public:
    explicit Loop(TransportTimes times) : times_(times), multi_(curl_multi_init()) {
        SLUICE_ASSERT(multi_ != nullptr);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, idle_connections_max);
        thread_ = std::jthread([this] { run(); });
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() {
        {
            const std::scoped_lock lock(mutex_);
            is_stopping_ = true;
        }
        curl_multi_wakeup(multi_);
        thread_.join();
        for (CURL* easy : idle_) {
            curl_easy_cleanup(easy);
        }
        curl_multi_cleanup(multi_);
    }

    void add(Exchange& exchange) {
        {
            const std::scoped_lock lock(mutex_);
            waiting_.push_back(&exchange);
        }
        curl_multi_wakeup(multi_);
    }

  private:
    void run() {
        while (begin_waiting()) {
            int running = 0;
            curl_multi_perform(multi_, &running);
            if (std::exchange(has_new_head_, false)) {
                acknowledge_at_once(sockets_);
            }
            end_done();
            curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
        }
        for (CURL* easy : std::exchange(active_, {})) {
            end(easy, CURLE_ABORTED_BY_CALLBACK);
        }
    }

    // False: it is over; what waits then ends with what runs.
    bool begin_waiting() {
        std::unique_lock lock(mutex_);
        const auto begun = std::exchange(waiting_, {});
        const bool goes_on = !is_stopping_;
        lock.unlock();
        for (Exchange* exchange : begun) {
            CURL* easy = idle_.empty() ? curl_easy_init() : idle_.back();
            SLUICE_ASSERT(easy != nullptr);
            if (!idle_.empty()) {
                idle_.pop_back();
            }
            set_up(easy, *exchange, times_);
            exchange->has_new_head = &has_new_head_;
            curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &on_socket);
            curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &sockets_);
            curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
            curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &sockets_);
            active_.push_back(easy);
            SLUICE_ASSERT(curl_multi_add_handle(multi_, easy) == CURLM_OK);
        }
        return goes_on;
    }

    void end_done() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) {
                CURL* easy = message->easy_handle;
                const CURLcode code = message->data.result;
                std::erase(active_, easy);
                end(easy, code);
            }
        }
    }

    void end(CURL* easy, CURLcode code) {
        void* user = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
        auto& exchange = *static_cast<Exchange*>(user);
        if (code != CURLE_OK) {
            exchange.reply.status = 0;
            exchange.reply.failure = code == CURLE_ABORTED_BY_CALLBACK
                                         ? "nothing moved for too long"
                                         : curl_easy_strerror(code);
            exchange.reply.was_connected = has_begun(easy);
        }
        curl_multi_remove_handle(multi_, easy);
        curl_easy_reset(easy);
        idle_.push_back(easy);
        curl_slist_free_all(exchange.headers);
        if (exchange.ended == nullptr) {
            exchange.self.reset();
        } else {
            exchange.ended->give();
        }
    }

    const TransportTimes times_;
    CURLM* multi_;
    Sockets sockets_;
    bool has_new_head_ = false;
    std::vector<CURL*> idle_;
    std::vector<CURL*> active_;
    std::mutex mutex_;  // guards the two below
    std::vector<Exchange*> waiting_;
    bool is_stopping_ = false;
    std::jthread thread_;
};

Transport::Transport(TransportTimes times, unsigned threads) {
    init_curl_once();
    for (unsigned i = 0; i < std::max(1U, threads); ++i) {
        loops_.push_back(std::make_unique<Loop>(times));
    }
}

Transport::~Transport() = default;

Transport::Loop& Transport::next_loop() {
    return *loops_[next_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

HttpReply Transport::perform(const HttpRequest& request) {
    before_blocking();
    Signal ended;
    Exchange exchange{.request = request, .ended = &ended};
    next_loop().add(exchange);
    ended.wait();
    return std::move(exchange.reply);
}

void Transport::send_off(HttpRequest request) {
    auto exchange = std::make_unique<Exchange>();
    exchange->request = std::move(request);
    Exchange& sent = *exchange;
    sent.self = std::move(exchange);
    next_loop().add(sent);
}

}  // namespace sluice::s3
