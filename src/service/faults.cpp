#include "service/faults.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/metrics.hpp"
#include "base/text.hpp"

namespace sluice {
namespace {

// A client that never comes back must not fill the memory; beyond this nobody new is followed.
constexpr std::size_t victims_max = 10'000;

constexpr std::array<std::string_view, fault_kind_count> names{
    "over_capacity",
    "rate_limited",
    "internal",
    "slow",
    "cut",
    "processing_fails",
    "processing_slow",
};

bool is_about_jobs(FaultKind kind) {
    return kind == FaultKind::processing_fails || kind == FaultKind::processing_slow;
}

// The n-th number of the seed's sequence, 0 to 1 (splitmix64: the same on every machine).
double chance(std::uint64_t seed, std::uint64_t n) {
    std::uint64_t z = seed * 0x2545f4914f6cdd1d + (n + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) / static_cast<double>(1ULL << 53);
}

bool matches_call(const FaultRule& rule, std::string_view call, FaultTime when) {
    return !is_about_jobs(rule.kind) && rule.when == when &&
           (rule.call.empty() || rule.call == call);
}

bool matches_job(const FaultRule& rule, std::string_view, FaultTime) {
    return is_about_jobs(rule.kind);
}

Error wrong(std::string facts) {
    return {.code = ErrorCode::parameter_invalid, .facts = std::move(facts)};
}

}  // namespace

std::string_view name_of(FaultKind kind) {
    return names[static_cast<std::size_t>(kind)];
}

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
    text = text == "503" ? names[0] : text == "429" ? names[1] : text == "500" ? names[2] : text;
    const auto found = std::ranges::find(names, text);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<FaultKind>(found - names.begin()));
}

std::optional<std::string> parse_fault_call(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> calls{{
        {"any", ""},
        {"", ""},
        {"init", "INIT"},
        {"append", "APPEND"},
        {"finalize", "FINALIZE"},
        {"status", "STATUS"},
        {"one_shot", "ONE_SHOT"},
        {"metadata", "METADATA"},
        {"post", "POST"},
        {"message", "MESSAGE"},
        {"look_up", "LOOK_UP"},
    }};
    for (const auto& [name, call] : calls) {
        if (text == name) {
            return std::string(call);
        }
    }
    return std::nullopt;
}

std::optional<double> parse_fault_rate(std::string_view text) {
    double rate = 0;
    const auto* end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its end goes along
    const auto read = std::from_chars(text.data(), end, rate, std::chars_format::fixed);
    const bool is_whole = read.ec == std::errc() && read.ptr == end;
    return is_whole && rate >= 0 && rate <= 1 ? std::optional(rate) : std::nullopt;
}

Result<FaultRule> parse_fault(std::string_view text) {
    const auto equal = text.find('=');
    const std::string_view what = text.substr(0, equal);
    const auto colon = what.find(':');
    const auto kind = parse_fault_kind(what.substr(0, colon));
    const auto call =
        parse_fault_call(colon == std::string_view::npos ? "" : what.substr(colon + 1));
    const auto rate = equal == std::string_view::npos ? std::optional(1.0)
                                                      : parse_fault_rate(text.substr(equal + 1));
    if (!kind || !call || !rate) {
        return wrong(
            "\"" + printable(text) +
            "\" must be KIND[:ROUTE]=RATE with a kind of over_capacity "
            "rate_limited internal slow cut processing_fails processing_slow, a route of any init "
            "append finalize status one_shot metadata post message look_up, and a rate from 0 to 1."
        );
    }
    return FaultRule{.kind = *kind, .call = *call, .rate = *rate};
}

Faults::Faults(Metrics& metrics) {
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        injected_[i] = &metrics.counter(
            "sluice_faults_injected_total", "Faults injected on purpose", {{"kind", names[i]}}
        );
        recovered_[i] = &metrics.counter(
            "sluice_faults_recovered_total",
            "Calls that succeeded after a fault had struck them",
            {{"kind", names[i]}}
        );
    }
}

void Faults::add(FaultRule rule) {
    const std::scoped_lock lock(mutex_);
    rules_.push_back({std::move(rule)});
    count_ = rules_.size();
}

void Faults::clear() {
    const std::scoped_lock lock(mutex_);
    rules_.clear();
    jobs_.clear();
    count_ = 0;
}

std::vector<FaultRuleState> Faults::rules() const {
    const std::scoped_lock lock(mutex_);
    return rules_;
}

FaultCounts Faults::counts(FaultKind kind) const {
    const auto at = static_cast<std::size_t>(kind);
    return {injected_[at]->value(), recovered_[at]->value()};
}

std::optional<FaultRule> Faults::draw(Matches matches, std::string_view call, FaultTime when) {
    std::optional<FaultRule> struck;
    for (FaultRuleState& state : rules_) {
        if (!matches(state.rule, call, when)) {
            continue;
        }
        const bool strikes = chance(state.rule.seed, state.seen++) < state.rule.rate;
        if (strikes && !struck) {
            ++state.struck;
            struck = state.rule;
        }
    }
    return struck;
}

void Faults::note(FaultKind kind) {
    injected_[static_cast<std::size_t>(kind)]->add();
}

std::optional<FaultRule> Faults::strike(
    std::string_view call, FaultTime when, const std::string& victim
) {
    const std::scoped_lock lock(mutex_);
    auto struck = draw(matches_call, call, when);
    if (!struck) {
        return std::nullopt;
    }
    note(struck->kind);
    const bool can_recover = struck->kind != FaultKind::slow;
    if (can_recover && victims_.size() < victims_max) {
        victims_.insert_or_assign(victim, struck->kind);
        victim_count_ = victims_.size();
    }
    return struck;
}

std::optional<FaultRule> Faults::strike_job(std::uint64_t media_id) {
    if (!any()) {
        return std::nullopt;
    }
    const std::scoped_lock lock(mutex_);
    if (jobs_.size() >= victims_max || !jobs_.try_emplace(media_id, true).second) {
        return std::nullopt;
    }
    auto struck = draw(matches_job, "", FaultTime::before);
    if (struck) {
        note(struck->kind);
    }
    return struck;
}

void Faults::succeeded(const std::string& victim) {
    const std::scoped_lock lock(mutex_);
    const auto found = victims_.find(victim);
    if (found != victims_.end()) {
        recovered_[static_cast<std::size_t>(found->second)]->add();
        victims_.erase(found);
        victim_count_ = victims_.size();
    }
}

}  // namespace sluice
