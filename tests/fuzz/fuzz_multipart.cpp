// The form parser for multipart/form-data; boundary=XX: the same events wherever the input is cut,
// also when the type has to be found out from the body.
#include "form_events.hpp"
#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    sluice::http::check_form("multipart/form-data; boundary=XX", body);
    sluice::http::check_form("", body);
    return 0;
}
