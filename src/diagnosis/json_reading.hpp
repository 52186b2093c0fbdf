// Small reads from JSON that may be anything: bounded in depth, and nothing where the shape is
// another. Within diagnosis/ alone.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::diagnosis {

inline std::optional<boost::json::value> parse_bounded(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 32;
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    auto value = boost::json::parse({text.data(), text.size()}, error, {}, options);
    return error ? std::nullopt : std::optional(std::move(value));
}

inline const boost::json::object* object_of(
    const boost::json::object& object, std::string_view name
) {
    const auto* member = object.if_contains({name.data(), name.size()});
    return member != nullptr ? member->if_object() : nullptr;
}

inline const boost::json::array* array_of(
    const boost::json::object& object, std::string_view name
) {
    const auto* member = object.if_contains({name.data(), name.size()});
    return member != nullptr ? member->if_array() : nullptr;
}

// Empty if it is no text.
inline std::string text_of(const boost::json::object& object, std::string_view name) {
    const auto* member = object.if_contains({name.data(), name.size()});
    const auto* text = member != nullptr ? member->if_string() : nullptr;
    return text != nullptr ? std::string(text->data(), text->size()) : std::string();
}

inline std::optional<std::int64_t> integer_in(const boost::json::value& value) {
    if (const auto* number = value.if_int64()) {
        return *number;
    }
    // Times in HAR files have fractions; beyond 2^53 a number is not exact and is let be.
    const auto* real = value.if_double();
    const bool fits = real != nullptr && *real > -9e15 && *real < 9e15;
    return fits ? std::optional(static_cast<std::int64_t>(*real)) : std::nullopt;
}

inline std::optional<std::int64_t> integer_of(
    const boost::json::object& object, std::string_view name
) {
    const auto* member = object.if_contains({name.data(), name.size()});
    return member == nullptr ? std::nullopt : integer_in(*member);
}

}  // namespace sluice::diagnosis
