#include "protocol/common/direct_writes.hpp"

#include <algorithm>
#include <utility>

namespace sluice::protocol {

using boost::asio::awaitable;

std::optional<DirectRange> DirectWrites::range(const Incoming& incoming, std::size_t length) const {
    return ring_ == nullptr ? std::nullopt : incoming.direct_range({length});
}

// The blocks at the two ends that are not full may have other bytes in them, perhaps of a segment
// that comes at the same time: they go through the page cache, where the kernel joins them.
awaitable<Result<void>> DirectWrites::write(
    Incoming& incoming,
    DirectRange range,
    std::span<const std::byte> data,
    std::optional<runtime::BufferArena::Buffer>& buffer
) {
    if (auto settled = co_await settle(incoming); !settled) {
        co_return settled;
    }
    if (auto passed = incoming.pass(data); !passed) {
        co_return passed;
    }
    const std::size_t to_block = (range.block - range.at.value % range.block) % range.block;
    const std::size_t first = std::min(to_block, data.size());
    const std::size_t last = (data.size() - first) % range.block;
    const auto middle = data.subspan(first, data.size() - first - last);
    if (auto written = co_await write_edge(incoming, range, range.at, data.first(first));
        !written) {
        co_return written;
    }
    const ByteOffset last_at = range.at + ByteCount{data.size() - last};
    if (auto written = co_await write_edge(incoming, range, last_at, data.last(last)); !written) {
        co_return written;
    }
    if (!middle.empty()) {
        pending_ = ring_->start({
            .file = range.direct_file,
            .at = range.at + ByteCount{first},
            .bytes = middle,
            .buffer = std::exchange(buffer, std::nullopt),
            .keep = std::move(range.keep),
        });
    }
    co_return ok();
}

awaitable<Result<void>> DirectWrites::write_edge(
    Incoming& incoming, const DirectRange& range, ByteOffset at, std::span<const std::byte> data
) {
    if (data.empty()) {
        co_return ok();
    }
    pending_ = ring_->start({.file = range.file, .at = at, .bytes = data, .keep = range.keep});
    co_return co_await settle(incoming);
}

awaitable<Result<void>> DirectWrites::settle(Incoming& incoming) {
    if (!pending_) {
        co_return ok();
    }
    auto pending = std::move(pending_);
    auto written = co_await pending.wait();
    co_return written ? ok() : Result<void>(incoming.direct_failed(std::move(written).error()));
}

}  // namespace sluice::protocol
