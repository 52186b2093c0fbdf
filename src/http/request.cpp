#include "http/request.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::http {

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const auto& field : headers) {
        if (equals_ignoring_case(field.name, name)) {
            return field.value;
        }
    }
    return std::nullopt;
}

std::size_t Request::count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(headers, [name](const auto& field) {
        return equals_ignoring_case(field.name, name);
    }));
}

std::string Request::joined(std::string_view name) const {
    std::string all;
    for (const auto& field : headers) {
        if (equals_ignoring_case(field.name, name)) {
            all.append(all.empty() ? "" : ", ").append(field.value);
        }
    }
    return all;
}

}  // namespace sluice::http
