#include "gate.hpp"

namespace sluice::simulation {

Fault Gate::draw(Site site) {
    ++calls_;
    ++tally_.calls;
    const bool is_due = plan_.at_call != 0
                            ? calls_ == plan_.at_call
                            : plan_.per_10000 > 0 && random_.below(10'000) < plan_.per_10000;
    if (!is_due || !scheduler_.is_inside()) {
        return Fault::none;
    }
    has_struck_ = true;
    ++tally_.faults;
    ++tally_.faults_at[static_cast<std::size_t>(site)];
    const bool is_after = plan_.at_call != 0 ? plan_.is_after : random_.one_in(2);
    if (is_after && is_writing(site)) {
        tally_.saw(Seen::fault_after);
        return Fault::answered_wrongly;
    }
    tally_.saw(Seen::fault_before);
    return is_writing(site) && random_.one_in(3) ? Fault::full : Fault::refused;
}

Error Gate::refusal(Fault fault) const {
    return {
        .code = fault == Fault::full ? ErrorCode::storage_full : ErrorCode::storage_failed,
        .detail = "a fault of the simulation",
    };
}

}  // namespace sluice::simulation
