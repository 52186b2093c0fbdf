#include "service/queue_time.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <vector>

namespace sluice {
namespace {

using std::chrono::milliseconds;

// A job that takes longer than it should has so much of its time left, for all that is known.
constexpr int overdue_part = 10;

milliseconds corrected(const SpeedLearner& speed, Family family, milliseconds cost) {
    return speed.corrected(PredictedFrom::size, family, cost);
}

// The same for many: asked for once.
class Factors {
  public:
    explicit Factors(const SpeedLearner& speed) {
        for (const Family family : {Family::image, Family::gif, Family::video, Family::text}) {
            by_family_[static_cast<std::size_t>(family)] =
                speed.factor(PredictedFrom::size, family);
        }
    }

    milliseconds corrected(Family family, milliseconds cost) const {
        const double factor = by_family_[static_cast<std::size_t>(family)];
        return milliseconds{static_cast<std::int64_t>(static_cast<double>(cost.count()) * factor)};
    }

  private:
    std::array<double, 4> by_family_{};
};

}  // namespace

milliseconds time_left_of(
    const QueuePosition::Running& job, const SpeedLearner& speed, WallTime now
) {
    const auto whole = corrected(speed, job.family, job.cost_expected);
    const WallTime ends_at = job.ends_at.value_or(job.since + whole);
    return ends_at > now || job.ends_at ? std::max(ends_at - now, milliseconds{0})
                                        : whole / overdue_part;
}

milliseconds time_until_done(
    const QueuePosition& position,
    Family family,
    unsigned slots,
    const SpeedLearner& speed,
    WallTime now
) {
    std::priority_queue<milliseconds, std::vector<milliseconds>, std::greater<>> free_in;
    for (const auto& job : position.running) {
        free_in.push(time_left_of(job, speed, now));
    }
    while (free_in.size() < std::max(slots, 1U)) {
        free_in.emplace(0);
    }
    while (free_in.size() > std::max(slots, 1U)) {
        free_in.pop();  // more run than there are slots: leases of a process that died
    }
    const Factors factors(speed);
    for (const auto& job : position.ahead) {
        const auto begins = free_in.top();
        free_in.pop();
        free_in.push(begins + factors.corrected(job.family, job.cost_expected));
    }
    const auto begins = std::max(free_in.top(), position.run_at - now);
    return begins + factors.corrected(family, position.cost_expected);
}

}  // namespace sluice
