#include "protocol/common/parameters.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// Clients send these once for each entry as well (tweepy).
bool is_list(std::string_view name) {
    return name == "additional_owners" || name == "additional_owners[]";
}

std::string_view name_of(Parameters::Place place) {
    static constexpr std::array<std::string_view, 5> names{
        "query", "path", "form body", "multipart body", "JSON body"
    };
    return names.at(static_cast<std::size_t>(place));
}

// Of an APPEND.
constexpr std::size_t usual_count = 3;

}  // namespace

Parameters::Where Parameters::lower_bound(std::string_view name) {
    return std::ranges::lower_bound(all_, name, {}, &Parameter::name);
}

void Parameters::insert(Where where, std::string_view name, std::string_view value, Place place) {
    Parameter added{.name_length = static_cast<std::uint32_t>(name.size()), .place = place};
    added.text.reserve(name.size() + value.size());
    added.text.append(name).append(value);
    const auto index = where - all_.begin();
    if (all_.empty()) {
        all_.reserve(usual_count);
    }
    all_.insert(all_.begin() + index, std::move(added));
}

void Parameters::add_to_list(std::string_view name, std::string_view value, Place place) {
    const std::string_view plain = name.substr(0, name.find('['));
    const auto at = lower_bound(plain);
    if (at == all_.end() || at->name() != plain) {
        insert(at, plain, value, place);
        return;
    }
    at->text.append(at->is_empty() ? "" : ",").append(value);
}

Result<void> Parameters::add(std::string_view name, std::string_view value, Place place) {
    if (is_list(name)) {
        add_to_list(name, value, place);
        return ok();
    }
    const auto at = lower_bound(name);
    if (at == all_.end() || at->name() != name) {
        insert(at, name, value, place);
        return ok();
    }
    if (value.empty() || at->value() == value) {
        return ok();
    }
    if (at->is_empty()) {
        at->text.append(value);
        at->place = place;
        return ok();
    }
    return Error{
        .code = ErrorCode::parameter_conflict,
        .facts = "\"" + printable(name) + "\" is \"" + printable(at->value()) + "\" in the " +
                 std::string(name_of(at->place)) + " and \"" + printable(value) + "\" in the " +
                 std::string(name_of(place)) + ".",
    };
}

Result<void> Parameters::add_query(std::string_view raw_query) {
    while (!raw_query.empty()) {
        const auto end = raw_query.find('&');
        const std::string_view pair = raw_query.substr(0, end);
        raw_query.remove_prefix(end == std::string_view::npos ? raw_query.size() : end + 1);
        const auto equal = pair.find('=');
        const auto name = percent_decode(pair.substr(0, equal), true);
        auto value =
            percent_decode(equal == std::string_view::npos ? "" : pair.substr(equal + 1), true);
        if (!name || !value) {
            return Error{
                .code = ErrorCode::parameter_invalid,
                .facts = "The query has a \"%\" without two hexadecimal digits in \"" +
                         printable(pair) + "\".",
            };
        }
        if (name->empty()) {
            continue;
        }
        if (auto added = add(*name, *value, Place::query); !added) {
            return added;
        }
    }
    return ok();
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    for (const Parameter& parameter : all_) {
        if (parameter.name() == name) {
            return parameter.value();
        }
    }
    return std::nullopt;
}

std::string Parameters::first_with(std::string_view beginning) const {
    for (const Parameter& parameter : all_) {
        if (parameter.name().starts_with(beginning)) {
            return std::string(parameter.name());
        }
    }
    return {};
}

std::string Parameters::listed() const {
    std::string text;
    for (const Parameter& parameter : all_) {
        text += (text.empty() ? "" : ", ") + printable(parameter.name(), 40) + " (" +
                std::string(name_of(parameter.place)) + ")";
    }
    return text.empty() ? "none" : text;
}

void Parameters::remove(std::string_view name) {
    std::erase_if(all_, [name](const Parameter& parameter) { return parameter.name() == name; });
}

}  // namespace sluice::protocol
