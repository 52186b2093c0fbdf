#include "dev_tls/authority.hpp"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "dev_tls/certificates.hpp"
#include "dev_tls/folder.hpp"

namespace sluice::dev_tls {
namespace {

constexpr std::chrono::hours lifetime{30 * 24};
constexpr std::chrono::hours renewal{24};
// A clock that is a little behind must not find the certificate not valid yet.
constexpr std::chrono::minutes clock_slack{5};
constexpr mode_t for_owner = S_IRUSR | S_IWUSR;
constexpr mode_t for_all = for_owner | S_IRGRP | S_IROTH;
constexpr const char* key_name = "ca.key";
constexpr const char* certificate_name = "ca.pem";

// The key first: a certificate without its key is made anew, as is a key without its certificate.
Result<void> keep(const std::string& folder, const KeyAndCertificate& pair) {
    if (auto written = write_file(folder, key_name, pair.key, for_owner); !written) {
        return written;
    }
    return write_file(folder, certificate_name, pair.certificate, for_all);
}

}  // namespace

Result<Authority> Authority::open(const std::string& folder, WallTime now) {
    if (auto made = make_private_folder(folder); !made) {
        return std::move(made).error();
    }
    KeyAndCertificate pair{
        .key = read_file(folder + "/" + key_name),
        .certificate = read_file(folder + "/" + certificate_name),
    };
    auto end = end_of(pair);
    if (end && *end - now >= renewal) {
        return Authority(std::move(pair.key), std::move(pair.certificate), *end, false);
    }
    auto made = make_ca(now - clock_slack, now - clock_slack + lifetime);
    if (!made) {
        return std::move(made).error();
    }
    if (auto kept = keep(folder, *made); !kept) {
        return std::move(kept).error();
    }
    end = end_of(*made);
    if (!end) {
        return std::move(end).error();
    }
    return Authority(std::move(made->key), std::move(made->certificate), *end, true);
}

Result<ServerIdentity> Authority::issue(WallTime now) const {
    auto leaf =
        make_leaf({.key = key_, .certificate = certificate_}, now - clock_slack, valid_until_);
    if (!leaf) {
        return std::move(leaf).error();
    }
    return ServerIdentity{.key = std::move(leaf->key), .chain = leaf->certificate + certificate_};
}

}  // namespace sluice::dev_tls
