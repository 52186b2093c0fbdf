// Asked by a use case when nothing else is wrong with a call, right before its work: the last word in
// the order of judgement, so that a limit never stands in front of a mistake which makes the call
// useless anyway. Whoever calls the use case implements it, in the frame that waits for the outcome.
#pragma once

#include "base/result.hpp"

namespace sluice {

class Admission {
  public:
    virtual ~Admission() = default;
    // An error refuses the call; nothing has been done yet. Asked again, it says the same.
    virtual Result<void> admit() const = 0;
};

inline Result<void> admitted(const Admission* admission) {
    return admission == nullptr ? ok() : admission->admit();
}

}  // namespace sluice
