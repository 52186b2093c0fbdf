// do_each: one piece of work for one item after the other, until one is refused; that refusal is the outcome.
#pragma once

#include "base/result.hpp"

namespace sluice {

template <class Items, class Work>
Result<void> do_each(const Items& items, const Work& work) {
    for (const auto& item : items) {
        if (Result<void> done = work(item); !done) {
            return done;
        }
    }
    return ok();
}

}  // namespace sluice
