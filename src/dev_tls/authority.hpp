// The development CA: made on first use, kept in a folder of its own, and good for this machine
// alone. It can vouch for nothing but the names in hosts.hpp, localhost and the loopback addresses
// (critical name constraints), for 30 days. The server's own certificate is made from it at each
// start; its key stays in memory. Blocking; used by the wiring, before anything listens.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::dev_tls {

// Private key and certificates as PEM text, as TLS libraries take them.
struct ServerIdentity {
    std::string key;
    std::string chain;  // the server's certificate, then the CA's
};

class Authority {
  public:
    // Loads folder/ca.pem and folder/ca.key, or makes them: when they are not there, do not fit each
    // other, or have less than a day to live. The folder is 0700, the key 0600. Errors: those of
    // system_error, and internal if OpenSSL fails.
    static Result<Authority> open(const std::string& folder, WallTime now);

    // A certificate for all the names, valid no longer than the CA.
    Result<ServerIdentity> issue(WallTime now) const;

    const std::string& certificate() const { return certificate_; }  // PEM
    WallTime valid_until() const { return valid_until_; }
    bool is_new() const { return is_new_; }

  private:
    Authority(std::string key, std::string certificate, WallTime valid_until, bool is_new)
        : key_(std::move(key)),
          certificate_(std::move(certificate)),
          valid_until_(valid_until),
          is_new_(is_new) {}

    std::string key_;
    std::string certificate_;
    WallTime valid_until_;
    bool is_new_;
};

}  // namespace sluice::dev_tls
