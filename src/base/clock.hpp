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
