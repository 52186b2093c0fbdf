// Masking: whatever a header or target looks like, a secret that was masked is nowhere in what is kept.
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "protocol/common/masking.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    sluice::protocol::Masker masker;
    static_cast<void>(masker.field("Authorization", text));
    static_cast<void>(masker.field("Authorization", "OAuth " + std::string(text)));
    static_cast<void>(masker.target(text));
    static_cast<void>(masker.text(std::string(text)));

    static constexpr std::string_view secret = "0123456789abcdefSECRET";
    sluice::protocol::Masker bearer;
    const std::string kept = bearer.field("authorization", "Bearer " + std::string(secret));
    SLUICE_ASSERT(kept.find(secret) == std::string::npos);
    const std::string around = std::string(text) + std::string(secret) + std::string(text);
    SLUICE_ASSERT(bearer.text(around).find(secret) == std::string::npos);
    if (text.contains(secret)) {
        return 0;  // it would stand in a parameter that is no secret
    }
    const std::string target = "/?" + std::string(text) + "&oauth_token=" + std::string(secret);
    SLUICE_ASSERT(sluice::protocol::Masker().target(target).find(secret) == std::string::npos);
    return 0;
}
