#include "base/metrics.hpp"
#include "service/refusals.hpp"
#include "service/uploads.hpp"

namespace sluice {

Result<Upload> Uploads::cancel(const Principal& owner, MediaId id) {
    // A worker may move the upload on between the look and the change: look again, a bounded number of times.
    constexpr int tries = 5;
    Error last{.code = ErrorCode::store_conflict, .media_id = id.value};
    for (int i = 0; i < tries; ++i) {
        auto found = services_.metadata.find(owner, id);
        if (!found) {
            return refused_by_store(std::move(found).error(), id);
        }
        auto cancelled = found->cancelled(now());
        if (!cancelled) {
            return std::move(cancelled).error();
        }
        auto changed = services_.metadata.change(*cancelled, found->state, std::nullopt);
        if (changed) {
            services_.metrics.counter("sluice_uploads_ended_total", "Uploads ended", {{"result", "cancelled"}}).add();
            return *cancelled;
        }
        last = refused_by_store(std::move(changed).error(), id);
        if (last.code != ErrorCode::store_conflict) {
            return last;
        }
    }
    return last;
}

}  // namespace sluice
