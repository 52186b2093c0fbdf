// application/x-www-form-urlencoded, decoded while it streams: names are bounded, values may have
// any length. Pure. Bare line breaks are skipped: clients break long base64 texts into lines, and
// end bodies with one.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "http/form_parser.hpp"

namespace sluice::http {

class UrlencodedParser final : public FormParser {
  public:
    explicit UrlencodedParser(const FormLimits& limits) : limits_(limits) {}
    Result<FormEvent> next(std::span<const std::byte>& input, bool is_last) override;

  private:
    enum class State : unsigned char { name, begin, value, end, done };
    // One decoded byte, or what stands in its place.
    struct Unit {
        enum class Kind : unsigned char { byte, skipped, ampersand, equals, need_more };
        Kind kind = Kind::byte;
        char byte = 0;
        unsigned char length = 1;  // in the input
    };
    using Step = Result<std::optional<FormEvent>>;

    Result<Unit> decode(std::span<const std::byte> input, bool is_last) const;
    bool ends_name(const Unit& unit) const;
    Step read_name(std::span<const std::byte>& input, bool is_last);
    Step read_value(std::span<const std::byte>& input, bool is_last);
    Step begin_part();
    Step step(std::span<const std::byte>& input, bool is_last);

    const FormLimits limits_;
    State state_ = State::name;
    std::string name_;
    bool has_value_ = false;
    std::size_t parts_ = 0;
    std::array<std::byte, 4096> decoded_;
};

}  // namespace sluice::http
