#include "protocol/common/account.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

std::uint64_t number_of(const std::string& principal) {
    // 52 bits: no client rounds it.
    std::uint64_t number = 0;
    for (const char c : sha256_hex(principal).substr(0, 13)) {
        number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return number + 1;
}

std::string user_name_of(const std::string& name) {
    constexpr std::size_t length_max = 15;
    std::string user_name;
    for (const char c : lower_case(name).substr(0, length_max)) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        user_name += is_plain ? c : '_';
    }
    return user_name;
}

}  // namespace

Account account_of(const Identity& who) {
    const std::string name = who.name.empty() ? "anonymous" : who.name;
    return {who.user_id != 0 ? who.user_id : number_of(who.principal.id), name, user_name_of(name)};
}

}  // namespace sluice::protocol
