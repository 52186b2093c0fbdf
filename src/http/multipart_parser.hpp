// multipart/form-data (RFC 7578), as real clients send it: any order, parts without file name or
// type, preamble and epilogue, closing delimiter without CRLF. Pure; data is passed on as spans of
// the input, never copied, and at most a delimiter's length of it is left for the next call.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/delimiter_search.hpp"
#include "http/form_parser.hpp"

namespace sluice::http {

inline constexpr std::size_t boundary_length_max = 70;  // RFC 2046, 5.1.1

class MultipartParser final : public FormParser {
  public:
    // `boundary` is as declared, without the dashes; 1 to 70 characters.
    MultipartParser(std::string_view boundary, const FormLimits& limits);
    Result<FormEvent> next(std::span<const std::byte>& input, bool is_last) override;
    bool is_multipart() const override { return true; }

  private:
    enum class State : unsigned char { first_line, preamble, part_head, data, done };
    struct Delimiter {
        enum class Kind : unsigned char { none, unsure, part, closing };
        Kind kind = Kind::none;
        std::size_t bytes = 0;  // with its padding and CRLF
    };
    // An event, or nothing: the state has changed, look again.
    using Step = Result<std::optional<FormEvent>>;

    Step step(std::span<const std::byte>& input, bool is_last);
    Step check_first_line(std::span<const std::byte>& input, bool is_last);
    Step judge_first_line(std::string_view text, bool is_last);
    Step skip_preamble(std::span<const std::byte>& input, bool is_last);
    Step read_part_head(std::span<const std::byte>& input, bool is_last);
    Step pass_data(std::span<const std::byte>& input, bool is_last);
    static Delimiter delimiter_at(std::string_view text);
    Result<void> enter(const Delimiter& delimiter);
    Error wrong_boundary(std::string_view first_line) const;

    const DelimiterSearch search_;  // for CRLF, two dashes, boundary
    const FormLimits limits_;
    std::uint16_t parts_ = 0;
    State state_ = State::first_line;
};

}  // namespace sluice::http
