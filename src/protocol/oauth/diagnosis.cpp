#include "protocol/oauth/diagnosis.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/text.hpp"

namespace sluice::oauth {
namespace {

// Beyond it only the cheap suspicions are tried: each costs some passes over all that was signed,
// and there are about a hundred. Whoever knows a consumer key and token can make us try them all.
constexpr std::size_t thorough_bytes_max = 32 * 1024;
constexpr std::size_t thorough_parameters_max = 200;
// Each is left out by turns.
constexpr std::size_t single_parameters_max = 40;

using Encode = std::function<std::string(std::string_view)>;

// One way in which a client may have signed.
struct Attempt {
    std::string method;
    std::vector<std::string> urls;
    Parameters parameters;
    std::string key;
    HashKind hash = HashKind::sha1;
    std::string signature;
    Encode encode = percent_encode;
    bool is_sorted = true;
};

std::string parameters_of(const Attempt& attempt) {
    Parameters encoded;
    for (const Parameter& parameter : attempt.parameters) {
        encoded.push_back({percent_encode(parameter.name), attempt.encode(parameter.value)});
    }
    if (attempt.is_sorted) {
        std::ranges::sort(encoded);
    }
    std::string text;
    for (const Parameter& parameter : encoded) {
        text += (text.empty() ? "" : "&") + parameter.name + "=" + parameter.value;
    }
    return text;
}

// The base string that gives the signature, if one does.
std::optional<std::string> signed_by(const Attempt& attempt) {
    const std::string parameters = parameters_of(attempt);
    for (const std::string& url : attempt.urls) {
        std::string base = base_string(attempt.method, url, parameters);
        if (equal_in_constant_time(hmac(attempt.hash, attempt.key, base), attempt.signature)) {
            return base;
        }
    }
    return std::nullopt;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

std::string with_plus(std::string_view text) {
    return replaced(percent_encode(text), "%20", "%2B");
}
// urlencode() of many languages, encoded once more with all the rest.
std::string with_bare_plus(std::string_view text) {
    return replaced(percent_encode(text), "%20", "+");
}
std::string with_tilde(std::string_view text) {
    return replaced(percent_encode(text), "~", "%7E");
}
std::string twice(std::string_view text) {
    return percent_encode(percent_encode(text));
}
std::string as_it_is(std::string_view text) {
    return std::string(text);
}
// JavaScript's encodeURIComponent.
std::string lax(std::string_view text) {
    std::string encoded = percent_encode(text);
    for (const auto& [code, plain] : std::array<std::pair<const char*, const char*>, 5>{
             {{"%21", "!"}, {"%2A", "*"}, {"%27", "'"}, {"%28", "("}, {"%29", ")"}}
         }) {
        encoded = replaced(std::move(encoded), code, plain);
    }
    return encoded;
}

struct EncodingMistake {
    std::string (*encode)(std::string_view);
    std::string_view says;
};

constexpr std::array encoding_mistakes{
    EncodingMistake{with_plus, "a blank as \"+\"; it must be %20 (RFC 3986)"},
    EncodingMistake{with_bare_plus, "a blank as \"+\"; it must be %20 (RFC 3986)"},
    EncodingMistake{with_tilde, "\"~\" as %7E; it must stay as it is (RFC 3986)"},
    EncodingMistake{twice, "the value twice; it must be encoded once before sorting"},
    EncodingMistake{lax, "too little: ! * ' ( ) must be percent-encoded too (RFC 3986)"},
    EncodingMistake{as_it_is, "nothing; the value must be percent-encoded (RFC 3986)"},
};

std::string names_in(const Parameters& parameters) {
    std::string names;
    for (const Parameter& parameter : parameters) {
        names += (names.empty() ? "" : ", ") + printable(parameter.name, 40);
    }
    return names;
}

class Search {
  public:
    Search(
        const SignedRequest& request,
        const OAuth1Fields& fields,
        const Secrets& secrets,
        const Parameters& unsigned_body,
        const std::string& body_kind
    )
        : request_(request),
          fields_(fields),
          secrets_(secrets),
          unsigned_body_(unsigned_body),
          body_kind_(body_kind) {
        right_.method = request.method;
        right_.urls = base_urls(request.authority, request.path, request.scheme);
        right_.parameters = signed_parameters(request, fields);
        right_.key = signing_key(secrets);
        right_.hash = fields.hash;
        right_.signature = decoded_signature(fields.signature).value_or("");
    }

    std::optional<Explanation> run() {
        try_left_out();
        if (is_small()) {
            try_unsigned_body();
            try_keys();
            try_urls();
            try_methods();
            try_encodings();
            try_form();
            try_single_parameters();
        }
        return std::move(found_);
    }

  private:
    bool is_small() const {
        std::size_t sum = 0;
        for (const Parameters* all : {&right_.parameters, &unsigned_body_}) {
            for (const Parameter& parameter : *all) {
                sum += parameter.name.size() + parameter.value.size();
            }
        }
        return sum <= thorough_bytes_max &&
               right_.parameters.size() + unsigned_body_.size() <= thorough_parameters_max;
    }

    void attempt(const Attempt& attempt, std::string facts) {
        if (found_) {
            return;
        }
        if (auto base = signed_by(attempt)) {
            found_ = Explanation{.facts = std::move(facts), .base_string = *std::move(base)};
        }
    }

    Attempt with_parameters(bool has_query, bool has_body) const {
        SignedRequest part = request_;
        // Credentials that stand there stay.
        const auto drop = [](Parameters& parameters) {
            std::erase_if(parameters, [](const auto& p) { return !p.name.starts_with("oauth_"); });
        };
        if (!has_query) {
            drop(part.query);
        }
        if (!has_body) {
            drop(part.body);
        }
        Attempt attempt = right_;
        attempt.parameters = signed_parameters(part, fields_);
        return attempt;
    }

    void try_left_out() {
        if (!request_.body.empty()) {
            attempt(
                with_parameters(true, false),
                "The signature matches if the parameters of the body (" + names_in(request_.body) +
                    ") are left out: the client did not sign them. Those of a urlencoded body must "
                    "be signed."
            );
        }
        if (!request_.query.empty()) {
            attempt(
                with_parameters(false, true),
                "The signature matches if the parameters of the query (" +
                    names_in(request_.query) +
                    ") are left out: the client did not sign them. The query must be signed."
            );
        }
        attempt(
            with_parameters(false, false),
            "The signature matches if neither query nor body are signed: the client signed the "
            "oauth_ fields alone."
        );
    }

    void try_unsigned_body() {
        if (!unsigned_body_.empty()) {
            Attempt with_body = right_;
            with_body.parameters.insert(
                with_body.parameters.end(), unsigned_body_.begin(), unsigned_body_.end()
            );
            attempt(
                with_body,
                "The signature matches if the parameters of the " + body_kind_ + " body (" +
                    names_in(unsigned_body_) + ") are signed too: the client signed them. Of a " +
                    body_kind_ + " body nothing is signed, only the query and the oauth_ fields."
            );
        }
        Attempt with_media = right_;
        with_media.parameters.push_back({"media", ""});
        attempt(
            with_media,
            "The signature matches if an empty parameter media is signed: the client turned a "
            "buffer into one. Send media in a multipart body, and do not sign it."
        );
    }

    void try_key(std::string key, std::string facts) {
        Attempt other = right_;
        other.key = std::move(key);
        attempt(other, std::move(facts));
    }

    void try_keys() {
        try_key(
            signing_key({secrets_.token, secrets_.consumer}),
            "The signature matches if consumer secret and access token secret are swapped."
        );
        try_key(
            signing_key({secrets_.consumer, ""}),
            "The signature matches if the access token secret is empty: the client signed with "
            "the consumer secret alone."
        );
        try_key(
            percent_encode(secrets_.consumer),
            "The signature matches if the key is the consumer secret alone; it must be the "
            "consumer secret, \"&\" and the access token secret."
        );
        try_key(
            percent_encode(secrets_.consumer) + percent_encode(secrets_.token),
            "The signature matches if \"&\" between the two secrets is left out of the key."
        );
        Attempt other = right_;
        other.hash = right_.hash == HashKind::sha1 ? HashKind::sha256 : HashKind::sha1;
        attempt(
            other,
            std::string("The signature matches if it is made with ") +
                (other.hash == HashKind::sha1 ? "HMAC-SHA1" : "HMAC-SHA256") +
                ", but oauth_signature_method names the other one."
        );
        other = right_;
        other.signature = decoded_signature(replaced(fields_.signature, " ", "+")).value_or("");
        attempt(
            other,
            "The signature matches if its blanks are read as \"+\": oauth_signature was not "
            "percent-encoded (\"+\" is %2B)."
        );
    }

    void try_url(std::string authority) {
        Attempt other = right_;
        other.urls = base_urls(authority, request_.path, request_.scheme);
        attempt(
            other,
            "The signature matches for the host " + authority + ": it was signed for " + authority +
                ", and received for " + printable(request_.authority, 80) +
                ". A proxy changed the Host field, or the client signs a fixed URL."
        );
    }

    void try_urls() {
        for (const char* host :
             {"upload.twitter.com",
              "upload.x.com",
              "api.twitter.com",
              "api.x.com",
              "localhost",
              "127.0.0.1"}) {
            const auto colon = request_.authority.rfind(':');
            try_url(host);
            if (colon != std::string::npos) {
                try_url(host + request_.authority.substr(colon));
            }
        }
        Attempt other = right_;
        for (std::string& url : other.urls) {
            url += "?" + request_.raw_query;
        }
        attempt(other, "The signature matches if the query stands in the base URL; it must not.");
        other = right_;
        for (std::string& url : other.urls) {
            url += "/";
        }
        attempt(other, "The signature matches if the path ends in a slash, which was not sent.");
    }

    void try_methods() {
        for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
            for (const std::string& written : {std::string(method), lower_case(method)}) {
                Attempt other = right_;
                other.method = written;
                attempt(
                    other,
                    "The signature matches for the method \"" + written + "\"; the request was a " +
                        printable(request_.method, 16) + ", and the method is signed in upper case."
                );
            }
        }
    }

    void try_encodings() {
        for (const EncodingMistake& mistake : encoding_mistakes) {
            Parameters affected;
            std::ranges::copy_if(
                right_.parameters,
                std::back_inserter(affected),
                [&mistake](const Parameter& parameter) {
                    return mistake.encode(parameter.value) != percent_encode(parameter.value);
                }
            );
            Attempt other = right_;
            other.encode = mistake.encode;
            attempt(
                other,
                "The signature matches if " + names_in(affected) + " is encoded otherwise: the " +
                    "client encoded " + std::string(mistake.says) + "."
            );
        }
    }

    void try_form() {
        Attempt other = right_;
        other.is_sorted = false;
        attempt(
            other,
            "The signature matches if the parameters stay in the order in which they came; they "
            "must be sorted by name, then value."
        );
        other.parameters = request_.query;
        other.parameters.insert(other.parameters.end(), request_.body.begin(), request_.body.end());
        other.parameters.insert(
            other.parameters.end(), fields_.of_header.begin(), fields_.of_header.end()
        );
        attempt(other, "The signature matches if the parameters are not sorted.");
    }

    void try_single_parameters() {
        const std::size_t count = std::min(right_.parameters.size(), single_parameters_max);
        for (std::size_t at = 0; at < count && !found_; ++at) {
            Attempt other = right_;
            const std::string name = printable(right_.parameters[at].name, 40);
            other.parameters.erase(other.parameters.begin() + static_cast<std::ptrdiff_t>(at));
            attempt(
                other,
                "The signature matches if " + name +
                    " is left out: the client did not sign it, "
                    "or added it later."
            );
        }
    }

    const SignedRequest& request_;
    const OAuth1Fields& fields_;
    const Secrets& secrets_;
    const Parameters& unsigned_body_;
    const std::string& body_kind_;
    Attempt right_;
    std::optional<Explanation> found_;
};

}  // namespace

std::optional<Explanation> explain(
    const SignedRequest& request,
    const OAuth1Fields& fields,
    const Secrets& secrets,
    const Parameters& unsigned_body,
    const std::string& body_kind
) {
    return Search(request, fields, secrets, unsigned_body, body_kind).run();
}

}  // namespace sluice::oauth
