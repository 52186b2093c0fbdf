// What of a job has to be said to the end, also while the database is away: what it made, and that it is over.
#include <algorithm>
#include <functional>
#include <optional>

#include "service/jobs.hpp"

namespace sluice {
namespace {

// Of what was refused after an attempt of which nobody knows how it ended: that one may have done it. Nothing: this
// cannot be told now either.
std::optional<Result<void>> outcome_of(
    const Result<void>& refused, const std::function<Result<bool>()>& is_done
) {
    const auto done = is_done();
    if (!done) {
        return std::nullopt;
    }
    return *done ? ok() : refused;
}

}  // namespace

Result<void> Jobs::persist(
    const std::function<Result<void>()>& save, const std::function<Result<bool>()>& is_done
) {
    bool may_be_done = false;
    for (auto waited = std::chrono::milliseconds{0};; waited += settings_.finish_pause) {
        auto saved = save();
        if (saved) {
            return saved;
        }
        const ErrorCode why = saved.error().code;
        const bool is_doubted = may_be_done && why == ErrorCode::store_conflict;
        if (!is_doubted && why != ErrorCode::database_unavailable) {
            return saved;
        }
        if (auto known = is_doubted ? outcome_of(saved, is_done) : std::nullopt) {
            return *std::move(known);
        }
        may_be_done = true;
        if (waited >= settings_.finish_patience || !wait_(settings_.finish_pause)) {
            return Error{.code = ErrorCode::database_unavailable, .detail = saved.error().detail};
        }
    }
}

Result<std::vector<Output>> Jobs::outputs_of(const LeasedJob& job) {
    std::vector<Output> outputs;
    const auto read = [&]() -> Result<void> {
        auto found = metadata_.outputs(job.upload.id);
        if (!found) {
            return std::move(found).error();
        }
        outputs = *std::move(found);
        return ok();
    };
    auto done = persist(read, [] { return true; });
    return done ? Result<std::vector<Output>>(std::move(outputs)) : std::move(done).error();
}

// The lease may have run out while the database was away; as long as nobody else took the job, its
// fence holds.
Result<void> Jobs::finish(
    const LeasedJob& job, const Upload& upload, const std::vector<Output>& outputs
) {
    const auto save = [&] { return metadata_.finish_job(job.id, job.fence, upload, outputs); };
    const auto is_done = [&]() -> Result<bool> {
        const auto now = metadata_.find(upload.owner, upload.id);
        const auto stored = metadata_.outputs(upload.id);
        if (!now || !stored) {
            return now ? stored.error() : now.error();
        }
        return now->state == upload.state &&
               std::ranges::equal(*stored, outputs, {}, &Output::extent, &Output::extent);
    };
    return persist(save, is_done);
}

}  // namespace sluice
