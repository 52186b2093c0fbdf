#include "nodes/hint_line.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <utility>

#include "base/log.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds connect_pause{500};
constexpr std::chrono::milliseconds idle_wait{1000};

}  // namespace

struct HintLine::Thread {
    std::jthread running;
};

HintLine::HintLine(std::string url, std::uint64_t incarnation)
    : url_(std::move(url)),
      incarnation_(incarnation),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

HintLine::~HintLine() {
    stop();
}

void HintLine::say(Hint hint) {
    hint.from = incarnation_;
    {
        const std::scoped_lock lock(mutex_);
        std::string line = encode(hint);
        if (waiting_.size() >= waiting_max || line.size() > PostgresNotifier::payload_max) {
            has_dropped_ = true;
            return;
        }
        waiting_.push_back(std::move(line));
        if (waiting_.size() > 1) {
            return;  // the thread knows
        }
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

void HintLine::start(Ears ears) {
    ears_ = std::move(ears);
    thread_ = std::make_unique<Thread>();
    thread_->running = std::jthread([this] { run(); });
}

void HintLine::stop() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
    thread_.reset();  // joins
}

bool HintLine::is_stopping() {
    const std::scoped_lock lock(mutex_);
    return is_stopping_;
}

void HintLine::run() {
    while (!is_stopping()) {
        if (!notifier_ && !connect()) {
            pollfd event{.fd = event_.get(), .events = 0, .revents = 0};
            ::poll(&event, 1, static_cast<int>(connect_pause.count()));
            continue;
        }
        wait(ears_.look && ears_.look());
        // Again: what others say while this is sent is read with the answer to that, and the socket is
        // empty then.
        if (!receive() || !flush() || !receive()) {
            notifier_.reset();
            is_connected_ = false;
        }
    }
    if (notifier_) {
        static_cast<void>(flush());
    }
}

bool HintLine::connect() {
    auto opened = PostgresNotifier::open(url_);
    if (!opened) {
        if (!std::exchange(is_loss_told_, true)) {
            log::warning("hints_lost", opened.error().detail);
        }
        return false;
    }
    notifier_.emplace(*std::move(opened));
    is_connected_ = true;
    is_loss_told_ = false;
    log::info("hints_connected", "other nodes are heard");
    miss();
    return true;
}

void HintLine::miss() {
    ++gaps_;
    if (ears_.missed) {
        ears_.missed();
    }
}

// The others are told as soon as they can be.
void HintLine::note_loss() {
    const std::scoped_lock lock(mutex_);
    has_dropped_ = true;
}

void HintLine::wait(bool is_looking) {
    std::array<pollfd, 2> both{
        {{.fd = notifier_->socket(), .events = POLLIN, .revents = 0},
         {.fd = event_.get(), .events = POLLIN, .revents = 0}}
    };
    const auto longest = is_looking ? ears_.look_pause : idle_wait;
    ::poll(both.data(), both.size(), static_cast<int>(longest.count()));
    std::uint64_t count = 0;
    if (both[1].revents != 0 && ::read(event_.get(), &count, sizeof count) > 0) {
        std::this_thread::sleep_for(gather);  // what is said meanwhile goes along
    }
}

void HintLine::hear(std::string_view line) {
    const auto hint = decode(line);
    if (!hint || hint->from == incarnation_) {
        return;
    }
    if (hint->kind == HintKind::gap) {
        miss();
    } else {
        ears_.hear(*hint);
    }
}

bool HintLine::receive() {
    const auto payloads = notifier_->take();
    if (!payloads) {
        return false;
    }
    for (const std::string& payload : *payloads) {
        for (const std::string_view line : unpacked(payload)) {
            hear(line);
        }
    }
    return true;
}

bool HintLine::flush() {
    std::vector<std::string> lines;
    {
        const std::scoped_lock lock(mutex_);
        lines = std::exchange(waiting_, {});
        if (std::exchange(has_dropped_, false)) {
            ++gaps_;
            lines.push_back(encode({.from = incarnation_, .kind = HintKind::gap}));
        }
    }
    if (lines.empty() || notifier_->send(packed(lines, PostgresNotifier::payload_max))) {
        return true;
    }
    note_loss();
    return false;
}

}  // namespace sluice
