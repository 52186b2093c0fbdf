// Timeline: what uploads remember (core/timeline.hpp), written behind. note() costs a lock and a
// few strings, never a wait: a bounded queue holds what is not yet written, flush() is called again
// and again in the background, and read() adds what waits to what is stored, so whoever calls reads
// his own calls. What is in the queue when the process is killed is lost, by design. Thread-safe;
// all but note() block on the store, and read() never on a writer.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/timeline.hpp"
#include "service/live_events.hpp"
#include "store/timeline_store.hpp"

namespace sluice {

class HotUploads;

class Timeline {
  public:
    // Beyond so many waiting events (of all uploads) new ones are dropped and counted: a store that
    // stands still must not eat the memory.
    static constexpr std::size_t waiting_max = 20'000;

    // `live`, if given, hears of each event at once; `hot` of what changes the answer to a STATUS.
    explicit Timeline(TimelineStore& store, LiveEvents* live = nullptr, HotUploads* hot = nullptr)
        : store_(store), live_(live), hot_(hot) {}

    // Whether `caller` owns the upload is the store's to know.
    void note(const Principal& caller, MediaId id, TimelineEvent event);
    void note(const Principal& caller, MediaId id, AnsweredCall call);
    // What the store does not take waits for the next one.
    Result<void> flush();
    // Oldest first; none for somebody else's upload.
    Result<std::vector<TimelineEvent>> read(
        const Principal& owner, MediaId id, TimelinePart part = TimelinePart::all
    );
    // The bytes of the upload go, and this with them.
    Result<void> forget(MediaId id);

    std::size_t dropped() const;

  private:
    // By upload, so that one of them is found; and by caller, since only the owner's are written.
    struct Earlier {
        using is_transparent = void;
        bool operator()(const auto& left, const auto& right) const {
            return left.first < right.first ||
                   (left.first == right.first &&
                    std::string_view(left.second) < std::string_view(right.second));
        }
    };
    using Waiting = std::map<std::pair<MediaId, std::string>, std::vector<TimelineEvent>, Earlier>;
    std::vector<TimelineEvent>& waiting_of(const Principal& caller, MediaId id);

    std::vector<NotedEvents> take_waiting();
    void settle(std::vector<NotedEvents> noted, std::size_t written);
    std::vector<TimelineEvent> unwritten(const Principal& owner, MediaId id) const;

    void tell_live(const Principal& caller, MediaId id, const AnsweredCall& call);
    void tell_of(const Principal& caller, MediaId id, std::string_view call, bool is_refusal);
    bool has_room();
    void add(std::vector<TimelineEvent>& events, TimelineEvent event);

    TimelineStore& store_;
    LiveEvents* const live_;
    HotUploads* const hot_;
    std::mutex flushing_;       // one flush at a time; held over a commit, so never on a fiber
    mutable std::mutex mutex_;  // guards all below; never held while the store works
    Waiting waiting_;
    Waiting on_their_way_;   // into the store, by the flush that runs
    std::size_t count_ = 0;  // of events in both
    std::size_t dropped_ = 0;
};

}  // namespace sluice
