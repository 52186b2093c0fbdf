#include "nodes/sole_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "base/log.hpp"
#include "store/postgres/notifier.hpp"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds pause{500};
constexpr std::chrono::minutes idle_wait{1};

Error taken() {
    return {
        .code = ErrorCode::storage_failed,
        .facts =
            "Another server works on this database, with a directory of its own: a copy, whose "
            "bytes "
            "are not these. A database with its bytes on a local disk has one server; several "
            "share "
            "a folder or an S3 store (--storage).",
    };
}

// Nothing: another has it.
Result<std::unique_ptr<PostgresNotifier>> locked(const std::string& url) {
    auto line = PostgresNotifier::open(url);
    if (!line) {
        return std::move(line).error();
    }
    const auto is_ours = line->try_lock();
    if (!is_ours) {
        return is_ours.error();
    }
    return *is_ours ? std::make_unique<PostgresNotifier>(*std::move(line)) : nullptr;
}

}  // namespace

Result<std::unique_ptr<SoleServer>> SoleServer::take(
    const std::string& url, std::function<void()> was_replaced, std::chrono::seconds how_long
) {
    const auto ends = std::chrono::steady_clock::now() + how_long;
    while (true) {
        auto line = locked(url);
        if (!line) {
            return std::move(line).error();
        }
        if (*line != nullptr) {
            return std::unique_ptr<SoleServer>(
                new SoleServer(url, std::move(was_replaced), *std::move(line))
            );
        }
        if (std::chrono::steady_clock::now() >= ends) {
            return taken();
        }
        std::this_thread::sleep_for(pause);
    }
}

SoleServer::SoleServer(
    std::string url, std::function<void()> was_replaced, std::unique_ptr<PostgresNotifier> line
)
    : url_(std::move(url)),
      was_replaced_(std::move(was_replaced)),
      line_(std::move(line)),
      end_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { hold(); }) {}

SoleServer::~SoleServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(end_.get(), &one, sizeof one);
}

// Whether the end was told; earlier if something comes on the socket.
bool SoleServer::is_told_within(std::chrono::milliseconds time, int socket) {
    std::array<pollfd, 2> both{
        {{.fd = end_.get(), .events = POLLIN, .revents = 0},
         {.fd = socket, .events = POLLIN, .revents = 0}}
    };
    ::poll(both.data(), both.size(), static_cast<int>(time.count()));
    return both[0].revents != 0;
}

void SoleServer::hold() {
    while (true) {
        const bool is_held = line_ != nullptr;
        if (is_told_within(is_held ? idle_wait : pause, is_held ? line_->socket() : -1)) {
            return;
        }
        if (is_held && !line_->take()) {
            line_.reset();  // the database says why elsewhere
        }
        if (!is_held && !take_again()) {
            log::error("server_replaced", taken().facts);
            was_replaced_();
            return;
        }
    }
}

// False: another has it.
bool SoleServer::take_again() {
    auto again = locked(url_);
    if (!again) {
        return true;  // the database is still away
    }
    line_ = *std::move(again);
    return line_ != nullptr;
}

}  // namespace sluice
