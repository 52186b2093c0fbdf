// Makes calls until they succeed, are refused for good, or the tries are used up; adds the
// credential; tells the observer of each exchange. Thread-safe. Belongs to one upload (or one
// command); the transport, timer and observer outlive it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "client/credentials.hpp"
#include "client/event.hpp"
#include "client/outcome.hpp"
#include "client/timer.hpp"
#include "client/transport.hpp"

namespace sluice::client {

struct Surroundings {
    HttpTransport& transport;
    Timer& timer;
    const StopFlag& stop;
    // Uniform in [0, 1); called under a lock.
    std::function<double()> random;
    Credentials credentials;
};

class Caller {
  public:
    // `time_limit`, from now on: a call whose next try would come later ends, with FailureKind::timeout if has_begun() was told.
    Caller(
        Surroundings& around,
        Observer& observer,
        std::optional<Milliseconds> time_limit = std::nullopt
    );

    // The 2xx answer, or why there is none. `name` is what the timeline shows. `may_go_on`, asked
    // before each further try, lets a neighbour's failure end this call too.
    Outcome<HttpAnswer> call(const std::string& name, HttpRequest request);
    Outcome<HttpAnswer> call(
        const std::string& name, HttpRequest request, const std::function<bool()>& may_go_on
    );

    void tell(EventKind what);
    // There is an upload at the server; its id may be unknown.
    void has_begun(std::string media_id);
    std::string media_id() const;
    Milliseconds elapsed() { return around_.timer.now() - start_; }

  private:
    HttpRequest with_credentials(const HttpRequest& request) const;
    Outcome<HttpAnswer> try_once(const std::string& name, const HttpRequest& request);
    bool is_begun() const;
    Failure late(Failure last) const;
    Milliseconds delay_after(int tries, const Failure& failure);

    Surroundings& around_;
    Observer& observer_;
    Milliseconds start_;
    std::optional<Milliseconds> time_limit_;
    mutable std::mutex mutex_;
    bool has_begun_ = false;
    std::string media_id_;
};

// What a call ends with once `stop` was raised.
Failure interrupted_failure();
// What an upload, and a call of it, ends with when its time is over.
Failure timeout_failure();

}  // namespace sluice::client
