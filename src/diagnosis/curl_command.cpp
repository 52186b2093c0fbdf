#include "diagnosis/curl_command.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::size_t words_max = 500;

// Words of a shell line: blanks part them, quotes keep them together. No expansion.
class ShellWords {
  public:
    explicit ShellWords(std::string_view line) : rest_(line) {}

    // Nothing behind the last.
    std::optional<std::string> next() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
        if (rest_.empty()) {
            return std::nullopt;
        }
        std::string word;
        char quote = 0;
        while (!rest_.empty()) {
            const char c = taken();
            if (quote == 0 && blanks.contains(c)) {
                break;
            }
            if (quote == 0 && quotes.contains(c)) {
                quote = c;
            } else if (c == quote) {
                quote = 0;
            } else {
                word += meant_by(c, quote);
            }
        }
        return word;
    }

  private:
    static constexpr std::string_view blanks = " \t";
    static constexpr std::string_view quotes = "'\"";

    char meant_by(char c, char quote) {
        const bool is_escape = c == '\\' && quote != '\'' && !rest_.empty();
        return is_escape ? taken() : c;
    }

    char taken() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view rest_;
};

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    ShellWords source(line);
    while (words.size() < words_max) {
        auto word = source.next();
        if (!word) {
            break;
        }
        words.push_back(*std::move(word));
    }
    return words;
}

bool is_form_flag(std::string_view word) {
    return word == "-F" || word == "--form" || word == "--form-string";
}

bool is_data_flag(std::string_view word) {
    static constexpr std::array<std::string_view, 5> flags{
        "-d", "--data", "--data-raw", "--data-urlencode", "--data-binary"
    };
    return std::ranges::find(flags, word) != flags.end();
}

RecordedPart form_part(std::string_view text) {
    const auto equal = std::min(text.find('='), text.size());
    std::string_view value = text.substr(std::min(equal + 1, text.size()));
    const bool is_file = value.starts_with('@') || value.starts_with('<');
    if (!is_file) {
        return {.name = std::string(text.substr(0, equal)), .value = std::string(value)};
    }
    value = value.substr(1, std::min(value.find(';'), value.size()) - 1);
    return {
        .name = std::string(text.substr(0, equal)), .value = {}, .file_name = std::string(value)
    };
}

void add_data(CurlCommand& command, std::string_view text) {
    if (trim(text).starts_with('{')) {
        return;  // a JSON body is no list of pairs; it is not looked into
    }
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equal = pair.find('=');
        if (equal != std::string_view::npos) {
            command.parts.push_back(
                {.name = std::string(pair.substr(0, equal)),
                 .value = percent_decode(pair.substr(equal + 1), true).value_or("")}
            );
        }
    }
}

}  // namespace

CurlCommand curl_command_of(std::string_view line) {
    CurlCommand command;
    const auto words = words_of(line);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view();
        if (is_form_flag(words[i])) {
            command.parts.push_back(form_part(next));
            ++i;
        } else if (is_data_flag(words[i])) {
            add_data(command, next);
            ++i;
        } else if (words[i].starts_with("http://") || words[i].starts_with("https://")) {
            command.url = words[i];
        }
    }
    return command;
}

}  // namespace sluice::diagnosis
