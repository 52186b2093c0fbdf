// What an upload does, as it happens. The command line makes bars, JSON lines or a timeline of it;
// the client itself writes nothing anywhere. `on` is called under the uploader's lock: one at a
// time, from any of its threads, and it must not call back into the uploader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/answer.hpp"
#include "client/outcome.hpp"
#include "client/timer.hpp"

namespace sluice::client {

// After INIT, or when an interrupted upload is continued.
struct Started {
    std::uint64_t bytes_total = 0;
    std::uint64_t bytes_acknowledged = 0;
    std::uint32_t segments = 0;
    bool resumed = false;
};

// One exchange, whatever came of it; status 0 is no answer.
struct Called {
    std::string name;  // INIT, APPEND 3, FINALIZE, STATUS
    int status = 0;
    Milliseconds duration{0};
    std::optional<Processing> processing;
};

struct Acknowledged {
    std::uint32_t index = 0;
    std::uint64_t bytes_total = 0;
    std::uint64_t bytes_acknowledged = 0;
};

struct Retrying {
    std::string name;
    int tries = 0;
    Milliseconds delay{0};
    Failure why;
};

// FINALIZE was accepted: every byte is the server's now.
struct Sent {
    std::uint64_t bytes_total = 0;
};

struct StatusKnown {
    Processing processing;
};

struct UploadResult {
    std::string media_id;
    std::string media_key;
    std::string state;
    std::uint64_t size_bytes = 0;
    std::vector<Output> outputs;
};

struct Ready {
    UploadResult result;
};

struct Failed {
    Failure failure;
};

using EventKind =
    std::variant<Started, Called, Acknowledged, Retrying, Sent, StatusKnown, Ready, Failed>;

struct Event {
    Milliseconds at{0};  // since the upload began
    std::string media_id;
    EventKind what;
};

class Observer {
  public:
    virtual ~Observer() = default;
    virtual void on(const Event& event) = 0;
};

}  // namespace sluice::client
