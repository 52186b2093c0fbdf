// Time as a parameter: the wall clock for expiry and for people, the steady clock for durations and
// leases. Tests and simulations pass a ManualClock.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace sluice {

// Milliseconds since 1970, UTC: the precision in which times are stored and shown.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
  public:
    WallTime now() const override;
};

// The system's clock, corrected by what is known of another one: nodes go by the clock of the database
// that they share, so that a lease means the same to all. Thread-safe.
class CorrectedClock final : public Clock {
  public:
    WallTime now() const override { return system_.now() + std::chrono::milliseconds(offset_); }
    void correct_by(std::chrono::milliseconds offset) { offset_ = offset.count(); }
    std::chrono::milliseconds offset() const { return std::chrono::milliseconds(offset_); }

  private:
    SystemClock system_;
    std::atomic<std::int64_t> offset_ = 0;
};

class ManualClock final : public Clock {
  public:
    explicit ManualClock(WallTime start = WallTime{std::chrono::milliseconds{1'790'000'000'000}})
        : milliseconds_(start.time_since_epoch().count()) {}
    WallTime now() const override { return WallTime{std::chrono::milliseconds{milliseconds_}}; }
    void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

  private:
    std::atomic<std::int64_t> milliseconds_;
};

// RFC 3339, UTC, with milliseconds: 2026-11-24T13:48:51.123Z.
std::string rfc3339(WallTime time);

// IMF-fixdate of HTTP (RFC 9110, 5.6.7): Tue, 24 Nov 2026 13:48:51 GMT.
std::string http_date(WallTime time);

}  // namespace sluice
