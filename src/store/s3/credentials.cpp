#include "store/s3/credentials.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/text.hpp"
#include "store/s3/answer_text.hpp"

namespace sluice::s3 {
namespace {

constexpr std::chrono::minutes renewed_before{5};

std::string variable(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Without what ends its line.
std::string token_in(const std::string& path) {
    std::string token = content_of(path);
    token.resize(token.find_last_not_of(" \t\r\n") + 1);
    return token;
}

std::string credentials_path() {
    const std::string said = variable("AWS_SHARED_CREDENTIALS_FILE");
    return said.empty() ? variable("HOME") + "/.aws/credentials" : said;
}

Error none(std::string why) {
    return {
        .code = ErrorCode::storage_unavailable,
        .facts = "There are no credentials for the S3 store: " + std::move(why),
        .retry_after = std::chrono::seconds(10),
    };
}

}  // namespace

std::optional<Credentials> credentials_in(const std::string& text, const std::string& profile) {
    std::istringstream lines(text);
    Credentials found;
    bool is_here = false;
    for (std::string line; std::getline(lines, line);) {
        line.resize(line.find_last_not_of('\r') + 1);
        const auto trimmed = trim(line);
        if (trimmed.starts_with('[') && trimmed.ends_with(']')) {
            is_here = trim(trimmed.substr(1, trimmed.size() - 2)) == profile;
            continue;
        }
        const auto equals = trimmed.find('=');
        if (!is_here || equals == std::string_view::npos || trimmed.starts_with('#')) {
            continue;
        }
        const auto name = trim(trimmed.substr(0, equals));
        const std::string value(trim(trimmed.substr(equals + 1)));
        if (name == "aws_access_key_id") {
            found.key_id = value;
        } else if (name == "aws_secret_access_key") {
            found.secret = value;
        } else if (name == "aws_session_token") {
            found.session_token = value;
        }
    }
    return found.key_id.empty() || found.secret.empty() ? std::nullopt : std::optional(found);
}

std::optional<WallTime> parse_expiry(const std::string& text) {
    std::tm parts{};
    if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
        return std::nullopt;
    }
    return WallTime{std::chrono::seconds{::timegm(&parts)}};
}

bool CredentialSource::is_fresh() const {
    if (!found_ || (found_->expires_at && clock_.now() + renewed_before > *found_->expires_at)) {
        return false;
    }
    std::error_code error;
    return found_->file.empty() ||
           std::filesystem::last_write_time(found_->file, error) == found_->file_time;
}

bool CredentialSource::is_valid() const {
    return found_ && (!found_->expires_at || clock_.now() < *found_->expires_at);
}

Result<Credentials> CredentialSource::get() {
    std::unique_lock lock(mutex_);
    if (is_fresh()) {
        return found_->credentials;
    }
    if (is_renewing_) {
        // Those that are good for some minutes more will do. Who has none hears what the one that asks
        // is told, good or bad: if each asked anew, the last of many would wait for all before it.
        const std::uint64_t running = renewals_;
        renewed_.wait(lock, [this, running] { return renewals_ != running || is_valid(); });
        return outcome();
    }
    is_renewing_ = true;
    lock.unlock();
    auto found = find();
    lock.lock();
    is_renewing_ = false;
    ++renewals_;
    if (found) {
        found_ = *std::move(found);
        found_->credentials.ends_at = found_->expires_at;
        last_ = found_->credentials;
    } else {
        last_ = std::move(found).error();
    }
    renewed_.notify_all();
    return outcome();
}

Result<Credentials> CredentialSource::outcome() const {
    if (is_valid()) {
        return found_->credentials;
    }
    if (const auto* why = std::get_if<Error>(&last_)) {
        return *why;
    }
    return std::get<Credentials>(last_);
}

std::optional<Credentials> CredentialSource::known() {
    const std::scoped_lock lock(mutex_);
    return is_valid() ? std::optional(found_->credentials) : std::nullopt;
}

void CredentialSource::forget() {
    const std::scoped_lock lock(mutex_);
    found_.reset();
}

Result<CredentialSource::Found> CredentialSource::find() {
    Credentials said{
        .key_id = variable("AWS_ACCESS_KEY_ID"),
        .secret = variable("AWS_SECRET_ACCESS_KEY"),
        .session_token = variable("AWS_SESSION_TOKEN"),
    };
    if (profile_.empty() && !said.key_id.empty() && !said.secret.empty()) {
        return Found{std::move(said)};
    }
    if (auto in_file = from_file()) {
        return *std::move(in_file);
    }
    if (!profile_.empty()) {
        return none("the file of the AWS tools has no profile " + profile_ + ".");
    }
    const std::string role = variable("AWS_ROLE_ARN");
    const std::string token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!role.empty() && !token_file.empty()) {
        return from_web_identity(role, token_file);
    }
    const std::string relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::string container = relative.empty() ? variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                                   : "http://169.254.170.2" + relative;
    if (!container.empty()) {
        return from_container(container);
    }
    return from_instance();
}

std::optional<CredentialSource::Found> CredentialSource::from_file() {
    const std::string named = variable("AWS_PROFILE");
    const std::string profile = !profile_.empty() ? profile_ : named.empty() ? "default" : named;
    const std::string path = credentials_path();
    std::error_code error;
    const auto changed_at = std::filesystem::last_write_time(path, error);
    auto found = credentials_in(content_of(path), profile);
    if (error || !found) {
        return std::nullopt;
    }
    return Found{*std::move(found), std::nullopt, path, changed_at};
}

Result<CredentialSource::Found> CredentialSource::from_web_identity(
    const std::string& role, const std::string& token_file
) {
    const std::string token = token_in(token_file);
    if (token.empty()) {
        return none("the file that AWS_WEB_IDENTITY_TOKEN_FILE names is empty or not there.");
    }
    const std::string given = variable("AWS_ENDPOINT_URL_STS");
    const std::string sts = given.empty() ? "https://sts." + region_ + ".amazonaws.com" : given;
    const std::string session = variable("AWS_ROLE_SESSION_NAME");
    const std::string form =
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" + uri_encoded(role) +
        "&RoleSessionName=" + uri_encoded(session.empty() ? "sluice" : session) +
        "&WebIdentityToken=" + uri_encoded(token);
    const TextBody body(form);
    const HttpReply reply = transport_.perform(
        {.method = "POST",
         .url = sts + "/",
         .headers = {"content-type: application/x-www-form-urlencoded"},
         .body = &body}
    );
    Found found{
        {.key_id = xml_value(reply.text, "AccessKeyId"),
         .secret = xml_value(reply.text, "SecretAccessKey"),
         .session_token = xml_value(reply.text, "SessionToken")},
        parse_expiry(xml_value(reply.text, "Expiration"))
    };
    if (!reply.is_success() || found.credentials.key_id.empty()) {
        return none(
            "STS gave none for the web identity (" +
            (reply.status == 0
                 ? reply.failure
                 : std::to_string(reply.status) + " " + xml_value(reply.text, "Code")) +
            ")."
        );
    }
    return found;
}

Result<CredentialSource::Found> CredentialSource::from_container(const std::string& url) {
    std::string token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (const auto file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
        token = token_in(file);
    }
    return from_url(url, token.empty() ? "" : "authorization: " + token);
}

Result<CredentialSource::Found> CredentialSource::from_url(
    const std::string& url, const std::string& header
) {
    HttpRequest request{.method = "GET", .url = url};
    if (!header.empty()) {
        request.headers.push_back(header);
    }
    const HttpReply reply = transport_.perform(request);
    Found found{
        {.key_id = json_value(reply.text, "AccessKeyId"),
         .secret = json_value(reply.text, "SecretAccessKey"),
         .session_token = json_value(reply.text, "Token")},
        parse_expiry(json_value(reply.text, "Expiration"))
    };
    if (!reply.is_success() || found.credentials.key_id.empty()) {
        return none("The service that has this machine's credentials gave none."
        );  // its address may be a secret
    }
    return found;
}

// Version 2 of the service: a token first. Only who can send a PUT from here gets one.
Result<CredentialSource::Found> CredentialSource::from_instance() {
    const std::string off = lower_case(variable("AWS_EC2_METADATA_DISABLED"));
    const std::string given = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const std::string service = given.empty() ? "http://169.254.169.254" : given;
    const HttpReply token = off == "true"
                                ? HttpReply{}
                                : transport_.perform(
                                      {.method = "PUT",
                                       .url = service + "/latest/api/token",
                                       .headers = {"x-aws-ec2-metadata-token-ttl-seconds: 21600"}}
                                  );
    if (!token.is_success()) {
        return none(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of the file of the "
            "AWS tools with ?profile=…"
        );
    }
    const std::string header = "x-aws-ec2-metadata-token: " + token.text;
    const std::string roles = service + "/latest/meta-data/iam/security-credentials/";
    const HttpReply role = transport_.perform({.method = "GET", .url = roles, .headers = {header}});
    if (!role.is_success() || role.text.empty()) {
        return none("this EC2 instance has no role.");
    }
    return from_url(roles + role.text.substr(0, role.text.find('\n')), header);
}

}  // namespace sluice::s3
