// What an S3 store, or who gives out credentials, answers: values are parts of the answer and never longer,
// a key that names a blob is its key, an expiry is what it says.
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "store/s3/answer_text.hpp"
#include "store/s3/credentials.hpp"
#include "store/s3/location.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace {

void check_xml(std::string_view text) {
    for (const char* name : {"Contents", "Upload", "Key", "Code"}) {
        std::size_t sum = 0;
        for (const std::string_view element : sluice::s3::xml_elements(text, name)) {
            SLUICE_ASSERT(element.data() >= text.data());
            SLUICE_ASSERT(element.data() + element.size() <= text.data() + text.size());
            sum += element.size();
        }
        SLUICE_ASSERT(sum <= text.size());
        SLUICE_ASSERT(sluice::s3::xml_value(text, name).size() <= text.size());
    }
    const std::string key = sluice::s3::xml_value(text, "Key");
    if (const auto id = sluice::s3::blob_of_key(key)) {
        SLUICE_ASSERT(sluice::s3::key_of(*id) == key);
    }
}

void check_location(const std::string& text) {
    if (const auto location = sluice::s3::parse_location(text)) {
        SLUICE_ASSERT(location->prefix.empty() || location->prefix.ends_with('/'));
        SLUICE_ASSERT(location->bucket.find_first_of("/?@ ") == std::string::npos);
        SLUICE_ASSERT(location->endpoint.host.find_first_of("/?@ ") == std::string::npos);
    } else {
        SLUICE_ASSERT(!location.error().empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_xml(text);
    SLUICE_ASSERT(sluice::s3::json_value(text, "Token").find('"') == std::string::npos);
    if (const auto found = sluice::s3::credentials_in(text, "default")) {
        SLUICE_ASSERT(!found->key_id.empty() && !found->secret.empty());
        SLUICE_ASSERT(found->secret.find('\n') == std::string::npos);
    }
    static_cast<void>(sluice::s3::parse_expiry(text));
    check_location(text);
    return 0;
}
