// What happens, as it happens, for whoever watches: a bounded ring of short notes. Nothing is stored;
// a watcher who was away for longer than the ring looks at the uploads anew. While nobody watches,
// events are only numbered. Thread-safe; the lock is held for a push or a copy.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "core/principal.hpp"

namespace sluice {

enum class LiveKind : std::uint8_t { upload, request };

struct LiveEvent {
    std::uint64_t number = 0;  // rises by one
    LiveKind kind = LiveKind::upload;
    WallTime at;
    Principal owner;
    std::optional<MediaId> media_id;
    std::string call;    // as in the timeline
    std::string method;  // of a request
    int status = 0;
    std::string code;
    std::string request_id;
};

// The same as it is published: the ring's places keep their memory, so a note costs none.
struct LiveNote {
    LiveKind kind = LiveKind::upload;
    WallTime at;
    const Principal& owner;
    std::optional<MediaId> media_id = std::nullopt;
    std::string_view call = {};
    std::string_view method = {};
    int status = 0;
    std::string_view code = {};
    std::string_view request_id = {};
};

class LiveEvents {
  public:
    static constexpr std::size_t kept_max = 2000;
    // Of which nobody has looked at any: the next ones are not kept until somebody does. So many that
    // whoever reads a busy server's line sees all of it, and more than the ring has: who comes back
    // for what it would have had has looked since.
    static constexpr std::int64_t unseen_max = 16 * kept_max;

    // Numbers begin at `first`, so that those of a process before mean nothing here.
    explicit LiveEvents(std::uint64_t first) : last_(first), seen_(first) {}

    // Tells the other nodes too, if there are any: what happens to uploads; requests are each node's
    // own.
    void publish(const LiveNote& note);
    void publish(LiveEvent event);
    // What another node published.
    void publish_from_elsewhere(LiveEvent event);
    // An event that is not kept, or some of other nodes that may have been lost: watchers look at the
    // uploads anew.
    void note_gap();
    // Before anything is published. Does not block.
    using Forward = std::function<void(const LiveEvent&)>;
    void forward_by(Forward forward) { forward_ = std::move(forward); }

    struct Read {
        std::vector<LiveEvent> events;
        std::uint64_t last = 0;   // where to go on
        bool has_missed = false;  // some are no longer there, or the number is of another process
    };
    // What came after `number`, at most `count_max`; those of `owner`, of everybody without one.
    Read after(std::uint64_t number, const std::optional<Principal>& owner, std::size_t count_max)
        const;
    // A look, too.
    std::uint64_t last() const;

    // Watchers leave.
    void end() { is_ended_ = true; }
    bool is_ended() const { return is_ended_; }

  private:
    bool is_watched() const;
    // Under the lock: the place of the next event, numbered, which may hold an old one.
    LiveEvent& next_place();
    // Under the lock. Not the last one, if events were only numbered since.
    std::optional<std::uint64_t> newest_kept() const;

    Forward forward_;
    std::atomic<std::uint64_t> last_;
    mutable std::atomic<std::uint64_t> seen_;  // the number of the last when somebody looked
    std::atomic<bool> is_ended_ = false;
    mutable std::mutex mutex_;     // guards the ring
    std::vector<LiveEvent> ring_;  // once it is full, the next event takes the oldest one's place
    std::size_t oldest_ = 0;
};

}  // namespace sluice
