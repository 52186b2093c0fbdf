// Takes secrets out of an exchange before it is kept: credentials, cookies, OAuth's token, nonce and
// signature, signatures of URLs. What names a secret goes by its name; what else shows its value (an
// answer that repeats it) goes by the value. Of a consumer key the first four characters stay.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::protocol {

class Masker {
  public:
    // The value of a header field as it may be kept.
    std::string field(std::string_view name, std::string_view value);
    // A request target: the query's secrets are masked, everything else stays byte for byte.
    std::string target(std::string_view target);
    void fill_target(std::string& out, std::string_view target);
    // A header field, or a parameter, that is known to be no secret.
    static bool is_plain(std::string_view name);
    // Of a request target: no parameter of it is anything else.
    static bool has_plain_query(std::string_view target);
    // A parameter's or part's value.
    std::string parameter(std::string_view name, std::string_view value);
    // Any text, without the values that were masked so far.
    std::string text(std::string text) const;
    bool has_secrets() const { return !secrets_.empty(); }
    void hide_in(std::string& text) const;

  private:
    std::string masked(std::string_view name, std::string_view value);
    void append_masked(std::string& out, std::string_view name, std::string_view value);
    std::string oauth_field(std::string_view parameters);
    void remember(std::string_view secret, std::string shown);

    struct Secret {
        std::string value;
        std::string shown;
    };
    std::vector<Secret> secrets_;
};

}  // namespace sluice::protocol
