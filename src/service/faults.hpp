// X's weather on purpose, for testing how a client copes: rules that make some calls fail, be slow or
// lose their answer, and some processing fail or wait. Which calls are struck follows from a rule's
// seed and the order of the calls alone. Only in dev mode. Thread-safe; with no rules one atomic load.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace sluice {

class Counter;
class Metrics;

enum class FaultKind : std::uint8_t {
    over_capacity,     // 503, X's code 130
    rate_limited,      // 429, X's code 88
    internal,          // 500, X's code 131
    slow,              // the answer comes late
    cut,               // the connection ends within the answer
    processing_fails,  // the upload's job fails with InternalError
    processing_slow,   // the upload's job waits
};
inline constexpr std::size_t fault_kind_count = 7;

// before: nothing was done. after: it was done, and the answer is lost.
enum class FaultTime : std::uint8_t { before, after };

struct FaultRule {
    FaultKind kind = FaultKind::over_capacity;
    std::string call;  // "INIT", "APPEND", "FINALIZE", "STATUS", "ONE_SHOT"; empty: any
    double rate = 1;   // of the calls that it is about, 0 to 1
    std::uint64_t seed = 1;
    FaultTime when = FaultTime::before;
    std::chrono::milliseconds delay{2000};  // of slow and processing_slow
    std::uint64_t cut_after_bytes = 20;     // of the answer, head included
};

struct FaultRuleState {
    FaultRule rule;
    std::uint64_t seen = 0;
    std::uint64_t struck = 0;
};

struct FaultCounts {
    std::uint64_t injected = 0;
    std::uint64_t recovered = 0;
};

std::string_view name_of(FaultKind kind);
// Also X's status: "503", "429", "500".
std::optional<FaultKind> parse_fault_kind(std::string_view text);
// "append" -> "APPEND", "any" -> ""; nothing for what is no call.
std::optional<std::string> parse_fault_call(std::string_view text);
std::optional<double> parse_fault_rate(std::string_view text);
// "503:status=0.2" as the flag --fault has it. Errors: parameter_invalid.
Result<FaultRule> parse_fault(std::string_view text);

class Faults {
  public:
    explicit Faults(Metrics& metrics);

    bool any() const { return count_.load(std::memory_order_relaxed) > 0; }
    // Nobody is to be struck, and nobody has been who may recover.
    bool are_over() const { return !any() && victim_count_.load(std::memory_order_relaxed) == 0; }
    void add(FaultRule rule);
    void clear();
    std::vector<FaultRuleState> rules() const;
    FaultCounts counts(FaultKind kind) const;

    // The rule that strikes this call, if one does; all rules about it count it. `victim` is the
    // same for a repetition of the call.
    std::optional<FaultRule> strike(
        std::string_view call, FaultTime when, const std::string& victim
    );
    // The same for a job, once per upload.
    std::optional<FaultRule> strike_job(std::uint64_t media_id);
    // A call was answered well: if it had been struck before, its client has recovered.
    void succeeded(const std::string& victim);

  private:
    using Matches = bool (*)(const FaultRule&, std::string_view call, FaultTime when);
    std::optional<FaultRule> draw(Matches matches, std::string_view call, FaultTime when);
    void note(FaultKind kind);

    std::atomic<std::size_t> count_ = 0;
    std::atomic<std::size_t> victim_count_ = 0;
    mutable std::mutex mutex_;  // guards what is below
    std::vector<FaultRuleState> rules_;
    std::unordered_map<std::string, FaultKind> victims_;
    std::unordered_map<std::uint64_t, bool> jobs_;
    std::array<Counter*, fault_kind_count> injected_{};
    std::array<Counter*, fault_kind_count> recovered_{};
};

}  // namespace sluice
