// Gate: what every call to a store passes through. Before and after its work others may run and the
// process may die; and the weather may spoil it: refused before anything is done, or done and not
// answered truly. A mutant is a lie that a store could tell; the checker must find each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "base/result.hpp"
#include "random.hpp"
#include "scheduler.hpp"
#include "sites.hpp"
#include "tally.hpp"

namespace sluice::simulation {

enum class Mutant : std::uint8_t {
    none,
    answers_before_sync,        // commit() of bytes without its sync
    forgets_folder_sync,        // of a new file's entry
    believes_failed_sync,       // says ok where the sync failed
    answers_before_record,      // a row's commit that a loss of power takes back
    forgets_conflict_check,     // an index that is taken is answered as stored
    loses_job,                  // the state moves on, the job is not written
    takes_any_fence,            // who lost the lease may still finish
    expires_anything,           // the sweep is told of uploads whose time is not over
    removes_nothing,            // bytes of what is over stay
    forgets_orphans,            // a start leaves bytes that nobody names
    leases_twice,               // a job that runs is given to another
    reads_other_bytes,          // a bit turns on reading
    counts_wrong,               // received is off by one
    seals_anything,             // FINALIZE over a change that came between
    removes_whole_pack,         // where a piece of it was meant
    uses_a_place_twice,         // in a pack
    forgets_repeat_key,         // of an upload that is made under one
    grows_beyond_quota,         // a stream whose length is not known
    make_durable_does_nothing,  // relaxed only: FINALIZE without its sync
    count
};

struct FaultPlan {
    std::uint64_t per_10000 = 0;  // at each call
    std::uint64_t at_call = 0;    // by number; 0: none
    bool is_after = false;        // the one by number: after its work
};

enum class Fault : std::uint8_t { none, refused, full, answered_wrongly };

class Gate {
  public:
    Gate(Random& random, Scheduler& scheduler, Tally& tally, FaultPlan plan, Mutant mutant)
        : random_(random), scheduler_(scheduler), tally_(tally), plan_(plan), mutant_(mutant) {}

    template <class F>
    auto call(Site site, F work) -> std::invoke_result_t<F> {
        step(site);
        const Fault fault = draw(site);
        if (fault == Fault::refused || fault == Fault::full) {
            return refusal(fault);
        }
        auto result = work();
        scheduler_.done(site);
        step(site);
        if (fault == Fault::answered_wrongly) {
            return refusal(fault);
        }
        return result;
    }

    // What only looks.
    template <class F>
    auto look(F work) -> std::invoke_result_t<F> {
        return work();
    }

    void step(Site site) {
        if (scheduler_.is_inside()) {
            scheduler_.yield(site);
        }
    }

    // The process of now; what belongs to an earlier one is dead.
    bool is_dying() const { return scheduler_.is_dying(); }
    bool has(Mutant mutant) const { return mutant_ == mutant; }
    void clear_up() { plan_ = {}; }
    // Whether this history has had any fault: without one no store may fail.
    bool was_bad() const { return has_struck_; }
    std::uint64_t calls() const { return calls_; }
    Tally& tally() { return tally_; }
    Random& random() { return random_; }

  private:
    Fault draw(Site site);
    Error refusal(Fault fault) const;

    Random& random_;
    Scheduler& scheduler_;
    Tally& tally_;
    FaultPlan plan_;
    const Mutant mutant_;
    std::uint64_t calls_ = 0;
    bool has_struck_ = false;
};

}  // namespace sluice::simulation
