#include "core/mistaken_content.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::size_t quoted_length_max = 120;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view without_line_end(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_one_printable_line(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
}

bool begins_with_any(std::string_view text, std::span<const std::string_view> beginnings) {
    return std::ranges::any_of(beginnings, [text](std::string_view beginning) {
        return text.size() > beginning.size() && text.starts_with(beginning);
    });
}

bool has_media_extension(std::string_view text) {
    static constexpr std::array<std::string_view, 18> extensions{
        ".mp4",
        ".mov",
        ".m4v",
        ".webm",
        ".mkv",
        ".avi",
        ".ts",
        ".gif",
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".heic",
        ".heif",
        ".avif",
        ".bmp",
        ".srt",
        ".vtt",
    };
    const std::string lower = lower_case(text);
    return std::ranges::any_of(extensions, [&lower](std::string_view extension) {
        return lower.size() > extension.size() && lower.ends_with(extension);
    });
}

bool is_windows_path(std::string_view text) {
    return text.size() > 3 && is_letter(text[0]) && text[1] == ':' &&
           (text[2] == '\\' || text[2] == '/');
}

// Beyond doubt wherever it stands in a file.
bool is_full_path_or_address(std::string_view text) {
    static constexpr std::array<std::string_view, 9> beginnings{
        "./",
        "../",
        "~/",
        "http://",
        "https://",
        "file:/",
        "blob:http",
        "s3://",
        ".\\",
    };
    const bool is_absolute = text.starts_with('/') && has_media_extension(text);
    return begins_with_any(text, beginnings) || is_windows_path(text) || is_absolute;
}

// A line that just ends like a file's name may be the last bytes of anything, but no file begins so.
bool is_path_or_address(std::string_view text) {
    const bool has_name_sign = text.size() > 2 && text.starts_with('@');
    return is_full_path_or_address(text) || has_media_extension(text) ||
           (has_name_sign && text.find_first_of("./\\") != std::string_view::npos);
}

// JSON.stringify of a Buffer or of a typed array, with or without blanks.
bool is_buffer_as_json(std::string_view text) {
    std::string tight(text.substr(0, 64));
    std::erase_if(tight, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    const std::string_view begin = tight;
    return begin.starts_with(R"({"type":"Buffer")") || begin.starts_with(R"({"0":)") ||
           begin.starts_with(R"({"_bsontype":"Binary")");
}

// What a language prints for an object, a buffer or a byte string when it is made a text.
bool is_printed_object(std::string_view text) {
    static constexpr std::array<std::string_view, 5> beginnings{
        "[object ",
        "<Buffer ",
        R"(b'\x)",
        R"(b"\x)",
        "<_io.",
    };
    return begins_with_any(text, beginnings);
}

// "137,80,78,71,13,10,26,10": a typed array that was joined, with or without a bracket.
bool is_list_of_bytes(std::string_view text) {
    text.remove_prefix(text.starts_with('[') ? 1 : 0);
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos || !is_digit(text[first])) {
        return false;  // as nearly all content, without a search for the next comma in 4 KiB
    }
    int numbers = 0;
    while (numbers < 8) {
        const auto end = text.find_first_of(",]");
        std::string_view number = text.substr(0, end);
        number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
        if (number.empty() || number.size() > 3 || !std::ranges::all_of(number, is_digit)) {
            return false;
        }
        ++numbers;
        if (end == std::string_view::npos || text[end] == ']') {
            return numbers > 3;
        }
        text.remove_prefix(end + 1);
    }
    return true;
}

bool is_word_for_nothing(std::string_view text) {
    static constexpr std::array<std::string_view, 6> words{
        "undefined",
        "null",
        "NaN",
        "None",
        "nil",
        "false",
    };
    return std::ranges::find(words, text) != words.end();
}

// A beginning of two characters happens by chance in media, so the rest must look like a text, too:
// no zero byte, and few control characters (a ninth of the bytes of compressed media are some).
bool looks_like_text(std::string_view text) {
    constexpr std::string_view blanks = "\t\n\r\f";
    constexpr std::size_t bytes_per_control = 16;
    const auto controls = std::ranges::count_if(text, [blanks](char c) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        return is_control && blanks.find(c) == std::string_view::npos;
    });
    const bool has_few = static_cast<std::size_t>(controls) * bytes_per_control <= text.size();
    return has_few && text.find('\0') == std::string_view::npos;
}

bool is_page(std::string_view text) {
    static constexpr std::array<std::string_view, 9> beginnings{
        "<!doctype",
        "<html",
        "<?xml",
        "<head",
        "<body",
        "<svg",
        "<error",
        "http/1.",
        "<!--",
    };
    const std::string lower = lower_case(text.substr(0, 16));
    return begins_with_any(lower, beginnings);
}

bool is_json(std::string_view text) {
    if (!text.starts_with('{') && !text.starts_with("[{")) {
        return false;
    }
    text.remove_prefix(text.starts_with('[') ? 2 : 1);
    const auto next = text.find_first_not_of(" \t\r\n");
    return next != std::string_view::npos && (text[next] == '"' || text[next] == '}');
}

std::string_view behind_blanks(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) {
        text.remove_prefix(3);
    }
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

bool is_text_page(std::string_view text) {
    return (is_page(text) || is_json(text)) && looks_like_text(text);
}

// Quotes within quotes are hard to read.
std::string shown(std::string_view text, std::size_t length_max) {
    std::string plain(text.substr(0, length_max));
    std::ranges::replace(plain, '"', '\'');
    return printable(plain, length_max);
}

std::string first_line(std::string_view text) {
    return shown(text.substr(0, text.find_first_of("\r\n")), quoted_length_max);
}

Error path(std::string_view text) {
    return {
        .code = ErrorCode::path_as_media,
        .facts = "The server received the " + std::to_string(text.size()) + " characters \"" +
                 shown(text, quoted_length_max) + "\", not the file.",
    };
}

Error buffer(std::string_view text) {
    return {
        .code = ErrorCode::buffer_as_json,
        .facts = "The content begins with \"" + shown(text, 40) +
                 "\": the client made a text of the buffer or object. Send its bytes, or their "
                 "base64 text in media_data.",
    };
}

Error page(std::string_view text) {
    return {
        .code = ErrorCode::not_media,
        .facts = "The first line of what came is \"" + first_line(text) +
                 "\": it is a text, no picture and no video.",
    };
}

Error data_url(std::string_view text) {
    const std::string_view prefix = text.substr(0, text.find(',') + 1);
    return {
        .code = ErrorCode::base64_invalid,
        .facts = "The content is a data: URL sent as raw bytes. Remove \"" + printable(prefix) +
                 "\" (characters 1 to " + std::to_string(prefix.size()) +
                 ") and send the rest as media_data, or send the decoded bytes.",
    };
}

bool is_data_url(std::string_view text) {
    const auto comma = text.find(',');
    return text.starts_with("data:") && comma != std::string_view::npos && comma < 64 &&
           text.substr(0, comma).ends_with(";base64");
}

// The mistakes that show in each segment, not only in the first.
std::optional<Error> mistaken_anywhere(const SentContent& sent) {
    const bool is_whole = sent.length == sent.start.size();
    const std::string_view line = without_line_end(sent.start);
    if (is_whole && is_one_printable_line(line)) {
        if (sent.begins_the_file ? is_path_or_address(line) : is_full_path_or_address(line)) {
            return path(line);
        }
        if (is_word_for_nothing(line)) {
            return page(line);
        }
    }
    if (is_buffer_as_json(sent.start) || is_printed_object(sent.start) ||
        is_list_of_bytes(sent.start)) {
        return buffer(sent.start);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Error> mistaken_content(const SentContent& sent) {
    if (auto mistaken = mistaken_anywhere(sent)) {
        return mistaken;
    }
    if (!sent.begins_the_file) {
        return std::nullopt;
    }
    if (is_data_url(sent.start)) {
        return data_url(sent.start);
    }
    const std::string_view text = behind_blanks(sent.start);
    return is_text_page(text) ? std::optional(page(text)) : std::nullopt;
}

std::optional<Error> mistaken_base64(const SentContent& sent) {
    if (auto mistaken = mistaken_anywhere(sent)) {
        return mistaken;
    }
    const std::string_view text = behind_blanks(sent.start);
    return is_text_page(text) ? std::optional(page(text)) : std::nullopt;
}

}  // namespace sluice
