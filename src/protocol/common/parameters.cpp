#include "protocol/common/parameters.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

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
// Of those that came last, which are looked through one by one. A query has room for two thousand.
constexpr std::size_t unsorted_max = 64;

}  // namespace

const Parameters::Parameter* Parameters::known(std::string_view name) const {
    const auto sorted = std::span(all_).first(sorted_);
    const auto place = std::ranges::lower_bound(sorted, name, {}, &Parameter::name);
    if (place != sorted.end() && place->name() == name) {
        return &*place;
    }
    const auto others = std::span(all_).subspan(sorted_);
    const auto other = std::ranges::find(others, name, &Parameter::name);
    return other == others.end() ? nullptr : &*other;
}

Parameters::Parameter* Parameters::known(std::string_view name) {
    return const_cast<Parameter*>(std::as_const(*this).known(name));
}

void Parameters::append(std::string_view name, std::string_view value, Place place) {
    if (all_.empty()) {
        all_.reserve(usual_count);
    }
    Parameter& added = all_.emplace_back();
    added.text.reserve(name.size() + value.size());
    added.text.append(name).append(value);
    added.name_length = static_cast<std::uint32_t>(name.size());
    added.place = place;
    if (all_.size() - sorted_ > unsorted_max) {
        sort_in();
    }
}

void Parameters::sort_in() {
    const auto by_name = [](const Parameter& left, const Parameter& right) {
        return left.name() < right.name();
    };
    const auto middle = all_.begin() + sorted_;
    std::sort(middle, all_.end(), by_name);
    std::vector<Parameter> merged;
    merged.reserve(all_.size() * 2);
    std::merge(
        std::make_move_iterator(all_.begin()),
        std::make_move_iterator(middle),
        std::make_move_iterator(middle),
        std::make_move_iterator(all_.end()),
        std::back_inserter(merged),
        by_name
    );
    all_ = std::move(merged);
    sorted_ = static_cast<std::uint32_t>(all_.size());
}

void Parameters::add_to_list(std::string_view name, std::string_view value, Place place) {
    const std::string_view plain = name.substr(0, name.find('['));
    Parameter* const at = known(plain);
    if (at == nullptr) {
        append(plain, value, place);
        return;
    }
    at->text.append(at->is_empty() ? "" : ",").append(value);
}

Result<void> Parameters::add(std::string_view name, std::string_view value, Place place) {
    if (is_list(name)) {
        add_to_list(name, value, place);
        return ok();
    }
    Parameter* const at = known(name);
    if (at == nullptr) {
        append(name, value, place);
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
    const Parameter* const found = known(name);
    return found == nullptr ? std::nullopt : std::optional(found->value());
}

std::string Parameters::first_with(std::string_view beginning) const {
    const Parameter* first = nullptr;
    for (const Parameter& parameter : all_) {
        if (parameter.name().starts_with(beginning) &&
            (first == nullptr || parameter.name() < first->name())) {
            first = &parameter;
        }
    }
    return first == nullptr ? std::string() : std::string(first->name());
}

std::string Parameters::listed() const {
    std::vector<const Parameter*> sorted;
    for (const Parameter& parameter : all_) {
        sorted.push_back(&parameter);
    }
    std::ranges::sort(sorted, {}, &Parameter::name);
    std::string text;
    for (const Parameter* const parameter : sorted) {
        text += (text.empty() ? "" : ", ") + printable(parameter->name(), 40) + " (" +
                std::string(name_of(parameter->place)) + ")";
    }
    return text.empty() ? "none" : text;
}

void Parameters::remove(std::string_view name) {
    if (const Parameter* const removed = known(name)) {
        const auto index = removed - all_.data();
        all_.erase(all_.begin() + index);
        sorted_ -= index < sorted_ ? 1 : 0;
    }
}

}  // namespace sluice::protocol
