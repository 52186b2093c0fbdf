#include "service/timeline.hpp"

#include <algorithm>
#include <span>

#include "store/hot/hot_uploads.hpp"

namespace sluice {
namespace {

// Uploads of one commit: others wait for the writer meanwhile.
constexpr std::size_t batch_max = 200;
constexpr std::string_view cut_mark = " …";

// What is too long ends with a whole word.
void shorten(std::string& facts) {
    if (facts.size() <= timeline_facts_max) {
        return;
    }
    const std::size_t length = timeline_facts_max - cut_mark.size();
    facts.resize(std::min(facts.rfind(' ', length), length));
    facts += cut_mark;
}

}  // namespace

void Timeline::note(const Principal& caller, MediaId id, TimelineEvent event) {
    shorten(event.facts);
    tell_live(
        caller,
        id,
        {.at = event.last_at,
         .call = event.call,
         .status = event.status,
         .code = event.code,
         .request_id = event.request_id}
    );
    const std::lock_guard guard(mutex_);
    if (has_room()) {
        tell_of(caller, id, event.call, event.is_refusal());
        add(waiting_of(caller, id), std::move(event));
    }
}

void Timeline::note(const Principal& caller, MediaId id, AnsweredCall call) {
    shorten(call.facts);
    tell_live(caller, id, call);
    const std::lock_guard guard(mutex_);
    if (!has_room()) {
        return;
    }
    tell_of(caller, id, call.call, call.is_refusal());
    auto& events = waiting_of(caller, id);
    if (events.empty() || !fold_plain(events.back(), call)) {
        add(events, std::move(call).event());
    }
}

void Timeline::tell_live(const Principal& caller, MediaId id, const AnsweredCall& call) {
    if (live_ != nullptr) {
        live_->publish(LiveNote{
            .kind = LiveKind::upload,
            .at = call.at,
            .owner = caller,
            .media_id = id,
            .call = call.call,
            .status = call.status,
            .code = call.code,
            .request_id = call.request_id,
        });
    }
}

// Under the lock.
bool Timeline::has_room() {
    dropped_ += count_ >= waiting_max ? 1 : 0;
    return count_ < waiting_max;
}

// Under the lock.
void Timeline::add(std::vector<TimelineEvent>& events, TimelineEvent event) {
    if (events.empty() || !fold_moving(events.back(), event)) {
        events.push_back(std::move(event));
        ++count_;
    }
}

// Under the lock. Most are there already, and cost no name.
std::vector<TimelineEvent>& Timeline::waiting_of(const Principal& caller, MediaId id) {
    const auto found = waiting_.find(std::pair(id, std::string_view(caller.id)));
    return found != waiting_.end() ? found->second : waiting_[{id, caller.id}];
}

// Under the lock: whoever reads the timeline from now on sees the event.
void Timeline::tell_of(
    const Principal& caller, MediaId id, std::string_view call, bool is_refusal
) {
    if (hot_ == nullptr) {
        return;
    }
    if (call == "STATUS") {
        hot_->was_asked(caller, id);
    } else if (is_refusal) {
        hot_->forget_open(id);
    }
}

std::vector<NotedEvents> Timeline::take_waiting() {
    const std::lock_guard guard(mutex_);
    on_their_way_ = std::exchange(waiting_, {});
    std::vector<NotedEvents> noted;
    for (const auto& [key, events] : on_their_way_) {
        noted.push_back({{key.second}, key.first, events});
    }
    return noted;
}

Result<void> Timeline::flush() {
    const std::lock_guard flushing(flushing_);
    auto noted = take_waiting();
    std::size_t written = 0;
    while (written < noted.size()) {
        const std::size_t count = std::min(batch_max, noted.size() - written);
        if (auto added = store_.add(std::span(noted).subspan(written, count)); !added) {
            settle(std::move(noted), written);
            return added;
        }
        written += count;
    }
    settle(std::move(noted), written);
    return ok();
}

// What was not written goes before what has come meanwhile.
void Timeline::settle(std::vector<NotedEvents> noted, std::size_t written) {
    const std::lock_guard guard(mutex_);
    on_their_way_.clear();
    for (std::size_t i = 0; i < noted.size(); ++i) {
        auto& events = noted[i].events;
        if (i < written) {
            count_ -= events.size();
            continue;
        }
        auto& later = waiting_[{noted[i].id, noted[i].owner.id}];
        events.insert(events.end(), later.begin(), later.end());
        later = std::move(events);
    }
}

std::vector<TimelineEvent> Timeline::unwritten(const Principal& owner, MediaId id) const {
    const std::lock_guard guard(mutex_);
    std::vector<TimelineEvent> events;
    for (const Waiting* of : {&on_their_way_, &waiting_}) {
        if (const auto found = of->find({id, owner.id}); found != of->end()) {
            events.insert(events.end(), found->second.begin(), found->second.end());
        }
    }
    return events;
}

// What was on its way at first may be in the store by now: the times tell.
Result<std::vector<TimelineEvent>> Timeline::read(
    const Principal& owner, MediaId id, TimelinePart part
) {
    const auto waiting = unwritten(owner, id);
    auto events = store_.of(owner, id, part);
    if (!events || waiting.empty()) {
        return events;
    }
    const TimelineEvent stored = events->empty() ? TimelineEvent{} : events->back();
    for (const TimelineEvent& event : waiting) {
        const bool is_the_last = event.last_at == stored.last_at && event.call == stored.call &&
                                 event.request_id == stored.request_id;
        const bool is_stored = event.last_at < stored.last_at || is_the_last;
        if (!is_stored && (events->empty() || !fold(events->back(), event))) {
            events->push_back(event);
        }
    }
    return events;
}

Result<void> Timeline::forget(MediaId id) {
    return store_.forget(id);
}

std::size_t Timeline::dropped() const {
    const std::lock_guard guard(mutex_);
    return dropped_;
}

}  // namespace sluice
