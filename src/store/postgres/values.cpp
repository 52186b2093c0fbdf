#include "store/postgres/values.hpp"

#include <charconv>

#include "base/utf8.hpp"

namespace sluice::postgres {
namespace {

std::int64_t parsed(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Parameter::Parameter(std::string_view text) : text_(as_utf8(text)) {}

std::int64_t Row::integer(int column) const {
    return parsed(PQgetvalue(result_, index_, column));
}

std::string Row::text(int column) const {
    return {
        PQgetvalue(result_, index_, column),
        static_cast<std::size_t>(PQgetlength(result_, index_, column))
    };
}

std::int64_t Rows::changed() const {
    return result_ ? parsed(PQcmdTuples(result_.get())) : 0;
}

}  // namespace sluice::postgres
