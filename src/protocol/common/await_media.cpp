#include "protocol/common/await_media.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/common/x_synchronous.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;

// As on X (reference 5): these are ready when FINALIZE answers. Of what came without a category we say
// so only where we answer as X does.
bool is_synchronous(const Upload& upload, Fidelity fidelity) {
    const Family family = family_of(upload.category);
    return family == Family::image || family == Family::text ||
           (fidelity == Fidelity::faithful && is_synchronous_on_x(upload));
}

bool is_waited_for(const Upload& upload, Fidelity fidelity) {
    const bool is_under_way =
        upload.state == UploadState::queued || upload.state == UploadState::processing;
    return is_under_way && is_synchronous(upload, fidelity);
}

}  // namespace

awaitable<Result<UploadStatus>> await_image(const Context& context, UploadStatus status) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    milliseconds waited(0);
    milliseconds pause(20);
    while (is_waited_for(status.upload, context.fidelity) && waited < context.image_wait) {
        timer.expires_after(pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        waited += pause;
        pause = std::min(pause * 3 / 2, milliseconds(150));
        auto work = [&context, owner = status.upload.owner, id = status.upload.id] {
            return context.uploads.status(owner, id);
        };
        auto again = co_await runtime::run_blocking(context.reads, std::move(work));
        if (!again) {
            co_return std::move(again).error();
        }
        status = std::move(again).value();
    }
    co_return status;
}

}  // namespace sluice::protocol
