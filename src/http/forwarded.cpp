#include "http/forwarded.hpp"

#include <string>

#include "base/address_range.hpp"
#include "base/text.hpp"

namespace sluice::http {
namespace {

// Takes the last element of a list.
std::string_view take_last(std::string_view& list) {
    const auto comma = list.rfind(',');
    const auto last = trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    return last;
}

}  // namespace

void apply_forwarded(Request& request, const std::function<bool(std::string_view)>& trusts) {
    const std::string schemes = request.joined("X-Forwarded-Proto");
    std::string_view rest = schemes;
    const std::string scheme = lower_case(take_last(rest));
    const auto end = request.base_url.find("://");
    if ((scheme == "http" || scheme == "https") && end != std::string::npos) {
        request.base_url.replace(0, end, scheme);
    }
    const std::string addresses = request.joined("X-Forwarded-For");
    rest = addresses;
    while (!rest.empty() && trusts(request.peer)) {
        const auto address = take_last(rest);
        if (!is_ip_address(address)) {
            return;
        }
        request.peer = address;
    }
}

}  // namespace sluice::http
