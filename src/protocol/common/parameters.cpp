#include "protocol/common/parameters.hpp"

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// Clients send these once for each entry as well (tweepy).
bool is_list(std::string_view name) {
    return name == "additional_owners" || name == "additional_owners[]";
}

}  // namespace

void Parameters::add_to_list(
    std::string_view name, std::string_view value, std::string_view place
) {
    const std::string_view plain = name.substr(0, name.find('['));
    auto [at, is_new] = values_.try_emplace(std::string(plain), Value{"", place});
    at->second.text += at->second.text.empty() ? "" : ",";
    at->second.text += value;
}

Result<void> Parameters::add(std::string_view name, std::string value, std::string_view place) {
    if (is_list(name)) {
        add_to_list(name, value, place);
        return ok();
    }
    const auto at = values_.find(name);
    if (at == values_.end()) {
        values_.emplace(name, Value{std::move(value), place});
        return ok();
    }
    if (value.empty() || at->second.text == value) {
        return ok();
    }
    if (at->second.text.empty()) {
        at->second = {std::move(value), place};
        return ok();
    }
    return Error{
        .code = ErrorCode::parameter_conflict,
        .facts = "\"" + printable(name) + "\" is \"" + printable(at->second.text) + "\" in the " +
                 std::string(at->second.place) + " and \"" + printable(value) + "\" in the " +
                 std::string(place) + ".",
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
        if (auto added = add(*name, *std::move(value), "query"); !added) {
            return added;
        }
    }
    return ok();
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt
                                  : std::optional<std::string_view>(found->second.text);
}

std::string Parameters::first_with(std::string_view beginning) const {
    const auto found = values_.lower_bound(beginning);
    return found != values_.end() && found->first.starts_with(beginning) ? found->first
                                                                         : std::string();
}

std::string Parameters::listed() const {
    std::string text;
    for (const auto& [name, value] : values_) {
        text += (text.empty() ? "" : ", ") + printable(name, 40) + " (" + std::string(value.place) +
                ")";
    }
    return text.empty() ? "none" : text;
}

}  // namespace sluice::protocol
