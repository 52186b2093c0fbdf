// Of a body that came without a check: a digest behind it that no field Trailer announced. Nobody computed
// what it is to be compared with, and nobody is to believe that it was looked at.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body_reader.hpp"
#include "protocol/common/body_check.hpp"
#include "protocol/common/digest_sum.hpp"

namespace sluice::protocol {

class UnannouncedTrailer final : public BodyCheck {
  public:
    // Of these fields, those that the request does not announce. Null: none can come.
    static std::unique_ptr<BodyCheck> of(
        const http::Request& request,
        const http::BodyReader& body,
        std::vector<std::string_view> names
    ) {
        std::erase_if(names, [&](auto name) { return announces_trailer(request, name); });
        return request.is_chunked && !names.empty()
                   ? std::make_unique<UnannouncedTrailer>(body, std::move(names))
                   : nullptr;
    }

    UnannouncedTrailer(const http::BodyReader& body, std::vector<std::string_view> names)
        : body_(body), names_(std::move(names)) {}

    bool holds_back() const override { return false; }
    void update(std::span<const std::byte> /*bytes*/) override {}
    // Errors: checksum_invalid.
    Result<void> verify() override {
        for (const auto name : names_) {
            if (body_.trailer(name)) {
                return Error{
                    .code = ErrorCode::checksum_invalid,
                    .facts = std::string(name) +
                             " came behind the body, and no field Trailer announced it: it was not "
                             "computed. Ask HEAD what was kept, and announce it.",
                };
            }
        }
        return ok();
    }

  private:
    const http::BodyReader& body_;
    const std::vector<std::string_view> names_;
};

}  // namespace sluice::protocol
