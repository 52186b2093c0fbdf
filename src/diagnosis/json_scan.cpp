#include "diagnosis/json_scan.hpp"

#include <algorithm>

namespace sluice::diagnosis {
namespace {

constexpr std::string_view blanks = " \t\r\n";

class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool skips(char expected) {
        skip_blanks();
        if (!rest_.starts_with(expected)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    // With the quotes; empty: there is no string, or no end of it.
    std::string_view string() {
        skip_blanks();
        return rest_.starts_with('"') ? taken(string_length(rest_)) : std::string_view();
    }

    std::string_view value() {
        skip_blanks();
        if (rest_.starts_with('"')) {
            return string();
        }
        const bool is_nested = rest_.starts_with('{') || rest_.starts_with('[');
        return taken(
            is_nested ? nested_length() : std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size())
        );
    }

  private:
    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
    }

    std::string_view taken(std::size_t length) {
        const auto piece = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return piece;
    }

    // Of the string that begins here; 0: it has no end.
    static std::size_t string_length(std::string_view text) {
        std::size_t at = 1;
        while (true) {
            at = text.find_first_of("\"\\", at);
            if (at == std::string_view::npos) {
                return 0;
            }
            if (text[at] == '"') {
                return at + 1;
            }
            at += 2;
        }
    }

    // npos: it has no end.
    std::size_t string_end(std::size_t at) const {
        const std::size_t length = string_length(rest_.substr(at));
        return length == 0 ? std::string_view::npos : at + length;
    }

    // Of the object or array that begins here; all the rest if it has no end.
    std::size_t nested_length() const {
        std::size_t depth = 0;
        for (std::size_t at = rest_.find_first_of("{["); at != std::string_view::npos;
             at = rest_.find_first_of("\"{}[]", at)) {
            if (rest_[at] == '"') {
                at = string_end(at);
                continue;
            }
            const bool opens = rest_[at] == '{' || rest_[at] == '[';
            depth = opens ? depth + 1 : depth - 1;
            ++at;
            if (depth == 0) {
                return at;
            }
        }
        return rest_.size();
    }

    std::string_view rest_;
};

}  // namespace

bool each_member(std::string_view object, const TakeMember& take) {
    Scanner scanner(object);
    if (!scanner.skips('{')) {
        return false;
    }
    if (scanner.skips('}')) {
        return true;
    }
    do {
        const auto name = scanner.string();
        const auto value = !name.empty() && scanner.skips(':') ? scanner.value() : "";
        if (value.empty()) {
            return false;
        }
        if (!take(name.substr(1, name.size() - 2), value)) {
            return true;
        }
    } while (scanner.skips(','));
    return scanner.skips('}');
}

bool each_element(std::string_view array, const TakeElement& take) {
    Scanner scanner(array);
    if (!scanner.skips('[')) {
        return false;
    }
    if (scanner.skips(']')) {
        return true;
    }
    do {
        const auto value = scanner.value();
        if (value.empty()) {
            return false;
        }
        if (!take(value)) {
            return true;
        }
    } while (scanner.skips(','));
    return scanner.skips(']');
}

std::string_view member_text(std::string_view object, std::string_view name) {
    std::string_view found;
    static_cast<void>(each_member(object, [&](std::string_view of, std::string_view value) {
        found = of == name ? value : found;
        return found.empty();
    }));
    return found;
}

}  // namespace sluice::diagnosis
