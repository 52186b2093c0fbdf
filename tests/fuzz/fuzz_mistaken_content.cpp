// What is no media, and what a body looks like: total, refused only with facts, and a length beyond
// what is there never makes a path of it.
#include <span>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "core/mistaken_content.hpp"
#include "fuzz_target.hpp"
#include "http/body_look.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool begins_the_file : {false, true}) {
        const auto whole = mistaken_content({text, size, begins_the_file});
        SLUICE_ASSERT(!whole || !whole->facts.empty());
        const auto start = mistaken_content({text, size + 1, begins_the_file});
        SLUICE_ASSERT(!start || start->code != ErrorCode::path_as_media);
    }
    static_cast<void>(mistaken_base64({text, size, false}).has_value());
    const auto bytes = std::as_bytes(std::span(data, size));
    for (const auto* type :
         {"",
          "application/json",
          "multipart/form-data; boundary=x",
          "application/x-www-form-urlencoded"}) {
        const auto wrong = http::mislabelled(type, bytes);
        SLUICE_ASSERT(!wrong || wrong->code == ErrorCode::body_unreadable);
        const Error refused{.code = ErrorCode::multipart_boundary, .facts = "None."};
        SLUICE_ASSERT(!http::explained(refused, type, bytes).facts.empty());
    }
    return 0;
}
