// CredentialSource: who we are to the store. Looked for in this order, as the tools of AWS do:
//   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), unless a profile is named;
//   2. the profile (of the URL, AWS_PROFILE, else "default") in AWS_SHARED_CREDENTIALS_FILE, or
//      ~/.aws/credentials;
//   3. a web identity: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, exchanged at STS;
//   4. a container's role: AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI;
//   5. the role of this EC2 instance, from its metadata service (IMDSv2), unless
//      AWS_EC2_METADATA_DISABLED is true.
// The file is read again when it changed, and what expires is asked for anew before it does. Blocks.
// Thread-safe. Never logged, in no error.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/s3/sigv4.hpp"
#include "store/s3/transport.hpp"

namespace sluice::s3 {

class CredentialSource {
  public:
    CredentialSource(
        Transport& transport, const Clock& clock, std::string profile, std::string region
    )
        : transport_(transport),
          clock_(clock),
          profile_(std::move(profile)),
          region_(std::move(region)) {}

    // storage_unavailable, with facts that say what was looked for, if there are none.
    Result<Credentials> get();
    // Those at hand that are good still. Does not wait.
    std::optional<Credentials> known();
    // The store did not take them: the next get() looks again.
    void forget();

  private:
    struct Found {
        Credentials credentials;
        std::optional<WallTime> expires_at = std::nullopt;
        std::filesystem::path file = {};  // where they come from, if from a file
        std::filesystem::file_time_type file_time = {};
    };

    bool is_fresh() const;
    bool is_valid() const;
    Result<Found> find();
    std::optional<Found> from_file();
    Result<Found> from_web_identity(const std::string& role, const std::string& token_file);
    Result<Found> from_container(const std::string& url);
    Result<Found> from_instance();
    Result<Found> from_url(const std::string& url, const std::string& header);

    Transport& transport_;
    const Clock& clock_;
    const std::string profile_;
    const std::string region_;
    // Not held while somebody asks over the network: that waits on a Signal, perhaps on a fiber.
    std::mutex mutex_;  // guards all below
    std::condition_variable renewed_;
    bool is_renewing_ = false;
    std::uint64_t renewals_ = 0;  // that ended
    std::optional<Found> found_;
    Result<Credentials> last_ = Credentials{};  // how the last renewal ended
};

// The credentials of a profile in the text of such a file.
std::optional<Credentials> credentials_in(const std::string& text, const std::string& profile);

// "2026-11-27T04:00:00Z", as those who give temporary ones write it.
std::optional<WallTime> parse_expiry(const std::string& text);

}  // namespace sluice::s3
