// One request on its way through a protocol, and what is learned about it while it is answered:
// who asks, which call it is, which upload it is about, what came in its body. The timeline, the
// inspector and the rate limits read it when the answer is known. Made by the router, in the frame
// that outlives the handling; one request's coroutine writes it, nobody else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/rare.hpp"
#include "core/principal.hpp"
#include "http/request.hpp"
#include "protocol/common/work_classes.hpp"
#include "service/faults.hpp"
#include "service/rate_limiter.hpp"

namespace sluice::protocol {

// A parameter or part of the body, as the inspector shows it. Values of small parts are kept whole,
// of media only the first bytes.
struct ReceivedPart {
    std::string name;
    std::string_view place;  // "body" or "json"
    std::string file_name;
    std::string content_type;
    ByteCount length;
    std::string start;                    // the first bytes, raw
    std::optional<std::uint32_t> crc32c;  // of media
};

// Where the time went; 0 is "not measured". Reading a body includes writing its media.
struct Timings {
    using Clock = std::chrono::steady_clock;
    using Duration = Clock::duration;

    Clock::time_point started;
    Duration auth{0};
    Duration body{0};
    Duration store{0};
};

// The console's cookie that a call came with; see ConsoleSessions.
struct SessionOfCall {
    std::optional<WallTime> ends;
    std::string mark;
};

// Of an OAuth 1.0a call whose signature does not match: what should have been signed, and what the caller signed, as far
// as a known mistake explains it. Never a secret or a signature.
struct BaseStrings {
    std::string expected;
    std::string sent;
};

using ShortSeconds = std::chrono::duration<std::int32_t>;

// Thousands stand in the middle of a body: what few calls have is on the heap.
struct Exchange {
    explicit Exchange(const http::Request& asked) : request(asked) {
        const Timings::Clock::time_point unknown;
        timings.started = asked.began == unknown ? Timings::Clock::now() : asked.began;
    }

    const http::Request& request;
    Timings timings;
    std::optional<WallTime> moment;  // of what is answered at once: see now_of()
    WorkSlot slot;                   // its place in a class of work

    std::optional<Identity> caller;  // once known
    // Why there is no caller, if there is none; see identify().
    Rare<Error> credentials_refused;
    // With keys: by what the caller was known, so that a long answer can be ended with it.
    std::string bearer_digest;
    Rare<SessionOfCall> session;
    Rare<std::string> claimed_key;  // the consumer key of an OAuth 1.0a call, whoever sent it
    Rare<BaseStrings> base_strings;
    std::string_view protocol;  // of an API of X: "x1", "x2"
    std::string_view call;      // "INIT", "APPEND", "FINALIZE", "STATUS", "ONE_SHOT", … or empty
    std::optional<MediaId> media_id;
    Rare<std::vector<MediaId>> named_beside;  // other media of the same post or look-up
    std::optional<std::uint64_t> segment_index;
    std::optional<ByteCount> media_bytes;  // that came with this call
    Rare<FaultRule> fault;                 // that strikes this call
    bool is_weathered = false;             // it was drawn whether one strikes before the work
    bool is_replayed = false;          // answered with what an earlier call of the same key made
    bool wants_parts = false;          // set by whoever records
    std::optional<RateStanding> rate;  // once the call is counted
    // The check_after_secs that the answer gives; for STATUS also what the one before gave, and how
    // long after it this call came.
    std::optional<ShortSeconds> advised;
    std::optional<ShortSeconds> advised_before;
    std::optional<std::chrono::milliseconds> asked_after;
    // What is odd about a call that is answered all the same: the header Sluice-Notice, as
    // "polling_too_fast; asked_after=0.4; advised=5".
    Rare<std::string> notice;
    Rare<std::string> remark;         // for the timeline alone
    std::vector<ReceivedPart> parts;  // only if `wants_parts`, when the body is over
};

}  // namespace sluice::protocol
