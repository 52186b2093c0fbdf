#include "server/sweeper.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/log.hpp"
#include "server/heap.hpp"

namespace sluice::server {

boost::asio::awaitable<void> sweep_forever(
    Uploads* uploads, runtime::BlockingPool* pool, std::chrono::seconds pause
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    bool has_more = false;
    for (;;) {
        // A step is small: as long as there was something to do, the next one follows at once, so
        // that bytes go faster than they can come.
        if (!has_more) {
            timer.expires_after(pause);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        auto work = [uploads] { return uploads->sweep(); };
        auto swept = co_await runtime::run_blocking(*pool, std::move(work));
        has_more = swept && *swept > 0;
        if (!swept) {
            log::warning("sweep_failed", swept.error().detail);
        } else if (*swept > 0) {
            log::info("swept", "uploads expired or cleaned", {{"count", *swept}});
        }
    }
}

boost::asio::awaitable<void> keep_ballast(
    std::shared_ptr<Ballast> ballast,
    MetadataStore* metadata,
    runtime::BlockingPool* pool,
    std::chrono::seconds pause
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (;;) {
        auto work = [ballast, metadata] {
            if (const auto promised = metadata->promised()) {
                ballast->refill(*promised);
            }
        };
        co_await runtime::run_blocking(*pool, std::move(work));
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

namespace {

auto sweep_blobs(const UnnamedBlobs& unnamed) {
    const auto named_among = [&unnamed](const std::vector<BlobId>& blobs) {
        const auto named = unnamed.metadata->named_among(blobs);
        const auto& those = named ? *named : blobs;  // in doubt it stays
        return std::set<BlobId>(those.begin(), those.end());
    };
    return unnamed.blobs->sweep(
        {named_among, unnamed.clock->now() - unnamed.age, unnamed.is_stopping}
    );
}

}  // namespace

boost::asio::awaitable<void> sweep_blobs_forever(
    UnnamedBlobs unnamed, runtime::BlockingPool* pool, std::chrono::milliseconds pause
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (;;) {
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        if (!unnamed.is_ours()) {
            continue;
        }
        auto work = [unnamed] { return sweep_blobs(unnamed); };
        const auto removed = co_await runtime::run_blocking(*pool, std::move(work));
        if (!removed) {
            log::warning("storage_not_swept", removed.error().detail);
        } else if (*removed > 0) {
            log::info("storage_swept", "what nobody names any more", {{"count", *removed}});
        }
    }
}

boost::asio::awaitable<void> check_doubted(Doubts* doubts, runtime::BlockingPool* pool) {
    constexpr std::uint32_t step = 16;
    const auto begun = std::chrono::steady_clock::now();
    bool has_more = doubts->has_unchecked();
    const bool had_some = has_more;
    while (has_more) {
        auto work = [doubts] { return doubts->check_next(step); };
        const auto checked = co_await runtime::run_blocking(*pool, std::move(work));
        has_more = checked && *checked > 0;
        if (!checked) {
            log::warning("check_failed", checked.error().detail);
        }
    }
    if (had_some) {
        const auto found = doubts->found();
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun
        );
        log::info(
            "recovery_checked",
            "open uploads compared with the disk after an unclean stop",
            {{"uploads", found.uploads},
             {"segments", found.segments},
             {"bytes", found.bytes},
             {"segments_lost", found.dropped},
             {"milliseconds", took.count()}}
        );
    }
}

namespace {

// A store in trouble fails each second: said when it begins, and when it ends.
class FlushTrouble {
  public:
    void note(const Result<void>& flushed, std::size_t dropped) {
        if (!flushed && !is_failing_) {
            log::warning("timeline_not_written", flushed.error().detail);
        }
        if (flushed && is_failing_) {
            log::info("timeline_written", "the store takes events again");
        }
        const bool is_dropping = dropped != dropped_;
        if (is_dropping && !is_dropping_) {
            log::warning("timeline_overflow", "events are dropped", {{"in_all", dropped}});
        }
        if (!is_dropping && is_dropping_) {
            log::info("timeline_overflow_ended", "events were dropped", {{"in_all", dropped}});
        }
        is_failing_ = !flushed;
        is_dropping_ = is_dropping;
        dropped_ = dropped;
    }

  private:
    bool is_failing_ = false;
    bool is_dropping_ = false;
    std::size_t dropped_ = 0;
};

}  // namespace

boost::asio::awaitable<void> flush_forever(
    Timeline* timeline, runtime::BlockingPool* pool, std::chrono::milliseconds pause
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    FlushTrouble trouble;
    for (;;) {
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        auto work = [timeline] { return timeline->flush(); };
        auto flushed = co_await runtime::run_blocking(*pool, std::move(work));
        trouble.note(flushed, timeline->dropped());
    }
}

// The allocator keeps what ten thousand connections that have gone have left.
boost::asio::awaitable<void> trim_forever(
    runtime::BlockingPool* pool, std::chrono::milliseconds pause
) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (;;) {
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        auto work = [] { give_free_memory_back(); };
        co_await runtime::run_blocking(*pool, std::move(work));
    }
}

}  // namespace sluice::server
