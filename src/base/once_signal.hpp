// OnceSignal: one thread waits until another has done something for it. A semaphore of the system,
// because give() touches nothing of it once the one who waits may go on (POSIX demands that of
// sem_post): it may lie on his stack. A condition variable under a mutex would wake him into the lock
// that is still held, and he would sleep once more.
#pragma once

#include <semaphore.h>

#include <cerrno>

#include "base/assert.hpp"

namespace sluice {

class OnceSignal {
  public:
    OnceSignal() { SLUICE_ASSERT(::sem_init(&semaphore_, 0, 0) == 0); }
    OnceSignal(const OnceSignal&) = delete;
    OnceSignal& operator=(const OnceSignal&) = delete;
    ~OnceSignal() { ::sem_destroy(&semaphore_); }

    // Once for each time that it was given.
    void wait() {
        while (::sem_wait(&semaphore_) != 0) {
            SLUICE_ASSERT(errno == EINTR);
        }
    }
    void give() { SLUICE_ASSERT(::sem_post(&semaphore_) == 0); }

  private:
    sem_t semaphore_{};
};

}  // namespace sluice
