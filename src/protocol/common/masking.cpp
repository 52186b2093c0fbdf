#include "protocol/common/masking.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::string_view mask = "****";
// Shorter values are no secrets, and would be found everywhere.
constexpr std::size_t secret_length_min = 6;
// Answers may repeat a value cut short; this much of it gives it away.
constexpr std::size_t secret_start_length = 12;
constexpr std::size_t key_characters_shown = 4;
// What masking may add to a target: short values are longer masked.
constexpr std::size_t target_growth = 16;

bool names_consumer_key(std::string_view lower_name) {
    return lower_name == "oauth_consumer_key";
}

bool contains_any(std::string_view name, std::span<const std::string_view> words) {
    return std::ranges::any_of(words, [name](std::string_view word) {
        return name.find(word) != std::string_view::npos;
    });
}

bool names_secret(std::string_view lower_name) {
    static constexpr std::array<std::string_view, 7> words{
        "token", "secret", "signature", "password", "authorization", "cookie", "api-key"
    };
    static constexpr std::array<std::string_view, 5> oauth_public{
        "oauth_consumer_key",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_version",
        "oauth_body_hash",
    };
    if (lower_name.starts_with("oauth_")) {
        return std::ranges::find(oauth_public, lower_name) == oauth_public.end();
    }
    return lower_name == "sig" || lower_name == "api_key" || contains_any(lower_name, words);
}

// The name behind escapes and case: "oauth%5Ftoken" is a token too.
std::string plain_name(std::string_view name) {
    if (name.find('%') == std::string_view::npos) {
        return lower_case(name);
    }
    return lower_case(percent_decode(name, true).value_or(std::string(name)));
}

// As "Bearer", "Basic", "Negotiate"; a token is longer, or has other characters.
bool is_word(std::string_view text) {
    constexpr std::size_t length_max = 12;
    return text.size() <= length_max &&
           std::ranges::all_of(lower_case(text), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::string shown_key(std::string_view key) {
    return std::string(key.substr(0, std::min(key_characters_shown, key.size() / 2))) +
           std::string(mask);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
        text.replace(at, what.size(), by);
        at += by.size();
    }
}

}  // namespace

void Masker::remember(std::string_view secret, std::string shown) {
    if (secret.size() < secret_length_min) {
        return;
    }
    const std::string decoded = percent_decode(secret, false).value_or(std::string(secret));
    secrets_.push_back({std::string(secret), shown});
    for (const std::string& form : {decoded, percent_encode(decoded)}) {
        if (form != secret) {
            secrets_.push_back({form, shown});
        }
    }
}

std::string Masker::masked(std::string_view name, std::string_view value) {
    std::string text;
    append_masked(text, name, value);
    return text;
}

bool Masker::is_plain(std::string_view name) {
    static constexpr std::array<std::string_view, 12> plain{
        "command",
        "media_id",
        "Host",
        "host",
        "User-Agent",
        "user-agent",
        "Accept",
        "accept",
        "segment_index",
        "total_bytes",
        "Content-Type",
        "Content-Length"
    };
    return std::ranges::find(plain, name) != plain.end();
}

bool Masker::has_plain_query(std::string_view target) {
    std::string_view query = target.substr(std::min(target.find('?'), target.size() - 1) + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        if (!is_plain(pair.substr(0, pair.find('=')))) {
            return false;
        }
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
    return true;
}

void Masker::append_masked(std::string& out, std::string_view name, std::string_view value) {
    if (is_plain(name)) {
        out += value;
        return;
    }
    const std::string lower = plain_name(name);
    const bool is_key = names_consumer_key(lower);
    if (value.empty() || (!is_key && !names_secret(lower))) {
        out += value;
        return;
    }
    std::string shown = is_key ? shown_key(value) : std::string(mask);
    out += shown;
    remember(value, std::move(shown));
}

std::string Masker::parameter(std::string_view name, std::string_view value) {
    return masked(name, value);
}

// name="value" pairs, as RFC 5849 writes them; what is none is masked whole.
std::string Masker::oauth_field(std::string_view parameters) {
    std::string out;
    while (!parameters.empty()) {
        const auto comma = parameters.find(',');
        const std::string_view pair = trim(parameters.substr(0, comma));
        parameters = comma == std::string_view::npos ? "" : parameters.substr(comma + 1);
        const auto equal = pair.find('=');
        out += out.empty() ? "" : ", ";
        if (equal == std::string_view::npos) {
            remember(pair, std::string(mask));
            out += pair.empty() ? "" : mask;
            continue;
        }
        std::string_view value = trim(pair.substr(equal + 1));
        const bool is_quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
        value = is_quoted ? value.substr(1, value.size() - 2) : value;
        const std::string_view name = trim(pair.substr(0, equal));
        out += std::string(name) + "=\"" + masked(name, value) + "\"";
    }
    return out;
}

std::string Masker::field(std::string_view name, std::string_view value) {
    const std::string lower = lower_case(name);
    if (lower == "referer") {
        return target(value);  // a signed URL, perhaps
    }
    if (lower != "authorization" && lower != "proxy-authorization") {
        return masked(name, value);
    }
    const auto blank = value.find(' ');
    const std::string_view scheme = value.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view() : trim(value.substr(blank));
    if (equals_ignoring_case(scheme, "OAuth")) {
        return std::string(scheme) + " " + oauth_field(rest);
    }
    // What stands for the scheme may be a token whose scheme was forgotten.
    const bool is_scheme = !rest.empty() && is_word(scheme);
    remember(is_scheme ? rest : scheme, std::string(mask));
    return is_scheme ? std::string(scheme) + " " + std::string(mask) : std::string(mask);
}

std::string Masker::target(std::string_view target) {
    std::string out;
    out.reserve(target.size() + target_growth);
    fill_target(out, target);
    return out;
}

void Masker::fill_target(std::string& out, std::string_view target) {
    const auto question = target.find('?');
    out.assign(target.substr(0, question));
    if (question == std::string_view::npos) {
        return;
    }
    out += '?';
    std::string_view query = target.substr(question + 1);
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        const auto equal = pair.find('=');
        if (equal == std::string_view::npos) {
            out += pair;
        } else {
            out += pair.substr(0, equal + 1);
            append_masked(out, pair.substr(0, equal), pair.substr(equal + 1));
        }
        out += end < query.size() ? "&" : "";
        query = query.substr(std::min(end + 1, query.size()));
    }
}

std::string Masker::text(std::string text) const {
    hide_in(text);
    return text;
}

void Masker::hide_in(std::string& text) const {
    for (const Secret& secret : secrets_) {
        replace_all(text, secret.value, secret.shown);
    }
    for (const Secret& secret : secrets_) {
        replace_all(
            text, std::string_view(secret.value).substr(0, secret_start_length), secret.shown
        );
    }
}

}  // namespace sluice::protocol
