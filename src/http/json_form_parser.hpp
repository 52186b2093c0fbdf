// One flat JSON object as a form: strings, numbers and booleans become parameters; a list of them
// is joined with commas, null is empty, and a nested object is passed on as its JSON text. Long
// strings stream. Pure. Boost.JSON reads, a slice of the input at a time; its events wait in a
// queue bounded by that slice.
#pragma once

#include <cstddef>
#include <memory>

#include "http/form_parser.hpp"

namespace sluice::http {

inline constexpr std::size_t json_depth_max = 16;
// Of one nested value, which is held in memory until it ends; also of a name and a number.
inline constexpr std::size_t json_nested_bytes_max = 64 * 1024;

class JsonFormParser final : public FormParser {
  public:
    explicit JsonFormParser(const FormLimits& limits);
    JsonFormParser(const JsonFormParser&) = delete;
    JsonFormParser& operator=(const JsonFormParser&) = delete;
    ~JsonFormParser() override;
    Result<FormEvent> next(std::span<const std::byte>& input, bool is_last) override;

  private:
    struct Reader;
    Result<FormEvent> at_end_of_input(bool is_last) const;
    // Precondition: there is one.
    FormEvent take_event();
    Result<void> read_slice(std::span<const std::byte>& input);

    std::unique_ptr<Reader> reader_;
};

}  // namespace sluice::http
