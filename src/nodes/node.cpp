#include "nodes/node.hpp"

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>

#include "base/hmac.hpp"
#include "base/log.hpp"
#include "nodes/rate_sharing.hpp"

namespace sluice {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds skew_worth_a_word{2};
// How long whoever asked to be told of stored bytes is answered at the latest.
constexpr std::chrono::milliseconds settle_patience{450};

std::uint64_t by_chance() {
    const std::string word = random_word(16);
    std::uint64_t number = 0;
    for (const char c : word) {
        number = number * 131 + static_cast<unsigned char>(c);
    }
    return (number & 0x7fff'ffff'ffff'ffffULL) | 1U;
}

// Whoever reads time before the first beat must not go by this machine's clock.
Result<void> look_at_clock(PostgresNodeStore& store, CorrectedClock& clock) {
    for (int look = 0; look < 3; ++look) {
        const auto asked = since_start();
        const auto said = store.time();
        if (!said) {
            return said.error();
        }
        clock.heard(*said, asked, since_start());
    }
    return ok();
}

void warn_of_skew(std::chrono::milliseconds offset) {
    if (std::chrono::abs(offset) > skew_worth_a_word) {
        log::warning(
            "clock_skew",
            "this machine's clock is not the database's; leases go by the database's",
            {{"milliseconds", offset.count()}}
        );
    }
}

}  // namespace

struct Node::Threads {
    std::mutex mutex;  // guards nothing: for the pause alone
    std::condition_variable stopped;
    std::jthread upkeep;
};

Result<std::unique_ptr<Node>> Node::join(
    std::shared_ptr<PostgresDatabase> database, NodeSettings settings
) {
    const std::uint64_t incarnation = by_chance();
    PostgresNodeStore store(database);
    const auto joined = store.join({
        .name = settings.name,
        .role = settings.role,
        .incarnation = incarnation,
        .quick_slots = settings.slots.quick,
        .film_slots = settings.slots.film,
        .speeds = {},
    });
    if (!joined) {
        return joined.error();
    }
    CorrectedClock clock;
    if (auto looked = look_at_clock(store, clock); !looked) {
        return std::move(looked).error();
    }
    warn_of_skew(clock.offset());
    return std::make_unique<Node>(
        std::move(database),
        std::move(settings),
        Place{joined->id, incarnation, clock.started(), joined->ids_from, joined->ids_until}
    );
}

Node::Node(std::shared_ptr<PostgresDatabase> database, NodeSettings settings, const Place& place)
    : settings_(std::move(settings)),
      number_(place.number),
      incarnation_(place.incarnation),
      place_(place),
      store_(std::move(database)),
      line_(settings_.url, incarnation_),
      threads_(std::make_unique<Threads>()) {}

Node::~Node() {
    stop();
}

void Node::start(Parts parts) {
    parts_ = std::move(parts);
    correct(*parts_.clock);
    parts_.ids->keep_to(place_.ids_from, place_.ids_until);
    ids_until_ = place_.ids_until;
    beat();
    line_.start({
        .hear = [this](const Hint& hint) { hear(hint); },
        .missed = [this] { missed(); },
        .look = [this] { return look_at_settling(); },
    });
    threads_->upkeep = std::jthread([this] { upkeep(); });
    say({.kind = HintKind::nodes_changed});
}

void Node::stop() {
    if (is_stopping_.exchange(true)) {
        return;
    }
    threads_->stopped.notify_all();
    const bool has_begun = threads_->upkeep.joinable();
    if (has_begun) {
        threads_->upkeep.join();  // it looks at the others until then
    }
    threads_.reset();
    line_.stop();
    if (has_begun && !is_replaced_) {
        static_cast<void>(store_.leave(number_, incarnation_));
    }
}

NodeFacts Node::facts() const {
    return {
        .name = settings_.name,
        .role = settings_.role,
        .incarnation = incarnation_,
        .quick_slots = settings_.slots.quick,
        .film_slots = settings_.slots.film,
        .speeds = settings_.slots.film > 0 && parts_.speed != nullptr ? parts_.speed->text()
                                                                      : std::string(),
    };
}

LaneSlots Node::slots() const {
    const std::scoped_lock lock(mutex_);
    LaneSlots sum{.quick = 0, .film = 0};
    for (const NodeRow& node : alive_) {
        sum.quick += static_cast<unsigned>(node.facts.quick_slots);
        sum.film += static_cast<unsigned>(node.facts.film_slots);
    }
    // Nobody works at the moment; what comes will wait for one at least.
    return {.quick = std::max(sum.quick, 1U), .film = std::max(sum.film, 1U)};
}

std::size_t Node::live_nodes() const {
    const std::scoped_lock lock(mutex_);
    return alive_.size();
}

bool Node::is_first() const {
    const std::scoped_lock lock(mutex_);
    return alive_.empty() || alive_.front().id == number_;
}

std::size_t Node::others() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(alive_, [this](const NodeRow& node) {
        return node.id != number_ && node.facts.role != "worker";
    }));
}

bool Node::is_alive(std::uint64_t node) const {
    const std::scoped_lock lock(mutex_);
    return std::ranges::find(alive_, node, &NodeRow::id) != alive_.end();
}

void Node::add_metrics(Metrics& metrics) {
    metrics
        .gauge(
            "sluice_node_info",
            "1; this process among those that share the database",
            {{"node", std::to_string(number_)}, {"role", settings_.role}}
        )
        .set(1);
    Gauge& live = metrics.gauge("sluice_nodes_live", "Nodes seen in the last seconds");
    Gauge& hints = metrics.gauge("sluice_hints_connected", "0 while other nodes are not heard");
    Gauge& gaps = metrics.gauge(
        "sluice_hint_gaps", "How often hints were lost, or may have been, since the start"
    );
    Gauge& skew = metrics.gauge(
        "sluice_clock_offset_milliseconds", "The database's clock less this machine's"
    );
    metrics.before_text([this, &live, &hints, &gaps, &skew] {
        live.set(static_cast<std::int64_t>(live_nodes()));
        hints.set(line_.is_connected() ? 1 : 0);
        gaps.set(static_cast<std::int64_t>(line_.gaps()));
        skew.set(parts_.clock == nullptr ? 0 : parts_.clock->offset().count());
    });
}

// --- what others are told and asked ---

void Node::say(const Hint& hint) {
    line_.say(hint);
}

void Node::tell_event(const LiveEvent& event) {
    if (others() > 0) {
        say({.kind = HintKind::event, .event = event});
    }
}

Result<std::uint64_t> Node::take_stream(MediaId id) {
    const std::uint64_t token = by_chance();
    const auto before = store_.take_stream(id, {.token = token, .node = number_});
    if (!before) {
        return before.error();
    }
    if (before->token != 0 && before->node != number_) {
        say({.kind = HintKind::stream_taken, .id = id, .number = before->token, .to = before->node}
        );
    }
    return token;
}

void Node::settle_stream(MediaId id, std::chrono::milliseconds patience) {
    const auto holder = store_.holder_of_stream(id);
    if (!holder || *holder == 0 || *holder == number_ || !is_alive(*holder)) {
        return;
    }
    const std::uint64_t question = questions_.ask(1);
    say({.kind = HintKind::settle, .id = id, .number = question, .to = *holder});
    questions_.wait(question, patience);
}

RunningAppends Node::running_appends(MediaId id, std::chrono::milliseconds patience) {
    const std::size_t asked = others();
    if (asked == 0) {
        return {};
    }
    const std::uint64_t question = questions_.ask(asked);
    say({.kind = HintKind::appends, .id = id, .number = question});
    return questions_.wait(question, patience);
}

// --- what others say, on the thread of the line ---

void Node::hear(const Hint& hint) {
    if (hint.to != 0 && hint.to != number_) {
        return;
    }
    switch (hint.kind) {
        case HintKind::job_added:
            return parts_.wake();
        case HintKind::job_cancelled:
            return parts_.cancel(hint.id);
        case HintKind::stream_taken:
            return parts_.leases->end_of_token(hint.id, hint.number);
        case HintKind::settle:
            return settle(hint);
        case HintKind::appends:
            return answer(hint, running_here(hint.id));
        case HintKind::answer:
            return hint.id.value == incarnation_ ? questions_.answered(hint.number, hint.running)
                                                 : void();
        case HintKind::event:
            return parts_.live->publish_from_elsewhere(*hint.event);
        case HintKind::rate:
            return parts_.rates->learn(*hint.rate);
        case HintKind::nodes_changed:
            is_beat_due_ = true;
            return;
        case HintKind::gap:
            return missed();
    }
}

// A stream is one also while none of its bytes are on their way.
RunningAppends Node::running_here(MediaId id) const {
    auto running = parts_.in_flight->list(id);
    if (running.empty() && parts_.leases->is_held(id)) {
        running.emplace_back();
    }
    return running;
}

// The number of a question means something to whoever asked alone: his incarnation goes along as id.
void Node::answer(const Hint& question, RunningAppends running) {
    if (settings_.role == "worker") {
        return;  // it was not counted
    }
    say(
        {.kind = HintKind::answer,
         .id = {question.from},
         .number = question.number,
         .running = std::move(running)}
    );
}

void Node::settle(const Hint& question) {
    auto lease = parts_.leases->ask_to_store(question.id);
    if (lease == nullptr) {
        return answer(question, {});
    }
    settling_.push_back(
        {std::move(lease), question.number, question.from, Steady::now() + settle_patience}
    );
}

bool Node::look_at_settling() {
    const auto now = Steady::now();
    std::erase_if(settling_, [&](const Settling& one) {
        const bool is_over = !one.lease->has_unstored || one.lease->is_lost || now >= one.ends;
        if (is_over) {
            say({.kind = HintKind::answer, .id = {one.asker}, .number = one.question});
        }
        return is_over;
    });
    return !settling_.empty();
}

void Node::missed() {
    parts_.live->note_gap();
    parts_.wake();
}

// --- upkeep ---

void Node::upkeep() {
    RateSharing rates(store_, *parts_.rates, *parts_.clock, [this](const auto& sum) {
        say({.kind = HintKind::rate, .rate = sum});
    });
    auto beat_at = Steady::now() + settings_.beat;
    std::unique_lock lock(threads_->mutex);
    while (!is_stopping_) {
        threads_->stopped.wait_for(lock, settings_.rates_pause, [this] {
            return is_stopping_.load();
        });
        lock.unlock();
        rates.share();
        if (is_beat_due_.exchange(false) || Steady::now() >= beat_at) {
            beat();
            beat_at = Steady::now() + settings_.beat;
        }
        lock.lock();
    }
}

void Node::end_if_replaced(const Error& error) {
    if (error.code == ErrorCode::store_conflict && !is_replaced_.exchange(true)) {
        log::error("node_replaced", "another process runs under the number of this node");
        parts_.was_replaced();
    }
}

// Long before they are used up.
void Node::extend_ids(WallTime now) {
    const WallTime reached = parts_.ids->reached();
    if (ids_until_ - now > PostgresNodeStore::ids_ahead * 2 / 3 &&
        ids_until_ - reached > PostgresNodeStore::ids_ahead_of_time * 2 / 3) {
        return;
    }
    const auto until = store_.extend_ids(number_, incarnation_, reached);
    if (!until) {
        log::warning("ids_not_extended", until.error().detail);
        return end_if_replaced(until.error());
    }
    ids_until_ = *until;
    parts_.ids->keep_until(*until);
}

void Node::beat() {
    const auto asked = since_start();
    auto seen = store_.beat(number_, facts());
    if (!seen) {
        return end_if_replaced(seen.error());
    }
    const auto before = parts_.clock->offset();
    parts_.clock->heard(seen->now, asked, since_start());
    if (std::chrono::abs(parts_.clock->offset() - before) > skew_worth_a_word) {
        warn_of_skew(parts_.clock->offset());
    }
    extend_ids(seen->now);
    // Who runs no jobs learns of speeds from those who do.
    const auto worker = std::ranges::find_if(seen->alive, [](const NodeRow& node) {
        return !node.facts.speeds.empty();
    });
    if (settings_.slots.film == 0 && worker != seen->alive.end()) {
        static_cast<void>(parts_.speed->restore(worker->facts.speeds));
    }
    const std::scoped_lock lock(mutex_);
    alive_ = std::move(seen->alive);
}

}  // namespace sluice
