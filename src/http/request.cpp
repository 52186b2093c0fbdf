#include "http/request.hpp"

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

}  // namespace sluice::http
