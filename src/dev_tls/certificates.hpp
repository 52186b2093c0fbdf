// X.509 with OpenSSL's types kept out of sight: the two kinds of certificates that development
// needs. Pure but for randomness; PEM text in and out.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::dev_tls {

struct KeyAndCertificate {
    std::string key;          // PEM, PKCS #8, not encrypted
    std::string certificate;  // PEM
};

// A self-signed CA (P-256) for the names in hosts.hpp and the loopback alone.
Result<KeyAndCertificate> make_ca(WallTime from, WallTime until);

// A server's certificate for the same names, signed by `ca`.
Result<KeyAndCertificate> make_leaf(const KeyAndCertificate& ca, WallTime from, WallTime until);

// When the certificate ends. Errors: if the texts cannot be read or do not belong to each other.
Result<WallTime> end_of(const KeyAndCertificate& pair);

}  // namespace sluice::dev_tls
