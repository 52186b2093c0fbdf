#include "media/first_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "media/category_rules.hpp"
#include "media/sniff.hpp"

namespace sluice {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct ForeignRow {
    std::size_t at;
    std::string_view mark;
    ForeignFormat format;
};

constexpr std::array foreign_rows{
    ForeignRow{8, "AVI LIST", {"video/x-msvideo (AVI)", Family::video}},
    ForeignRow{0, "FLV\x01", {"video/x-flv", Family::video}},
    ForeignRow{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", {"video/x-ms-wmv", Family::video}},
    ForeignRow{0, std::string_view("\0\0\1\xba", 4), {"video/mpeg", Family::video}},
    ForeignRow{8, "WAVEfmt ", {"audio/wav", std::nullopt}},
    ForeignRow{0, "ID3", {"audio/mpeg", std::nullopt}},
    ForeignRow{0, "OggS", {"application/ogg", std::nullopt}},
    ForeignRow{0, "fLaC", {"audio/flac", std::nullopt}},
    ForeignRow{0, "%PDF-", {"application/pdf", std::nullopt}},
    ForeignRow{0, "PK\x03\x04", {"application/zip", std::nullopt}},
    ForeignRow{0, std::string_view("\x1f\x8b\x08", 3), {"application/gzip", std::nullopt}},
    ForeignRow{
        0,
        "\x7f"
        "ELF",
        {"application/x-executable", std::nullopt}
    },
    ForeignRow{0, std::string_view("II*\0", 4), {"image/tiff", Family::image}},
    ForeignRow{0, std::string_view("MM\0*", 4), {"image/tiff", Family::image}},
    ForeignRow{0, "8BPS", {"image/vnd.adobe.photoshop", Family::image}},
    ForeignRow{0, "<svg", {"image/svg+xml", Family::image}},
    // What tells a player or a converter to read something else. As text it is left to its reader.
    ForeignRow{0, "#EXTM3U", {"application/vnd.apple.mpegurl (a playlist)", Family::text}},
    ForeignRow{0, "ffconcat version", {"an ffconcat list of files", Family::text}},
    ForeignRow{0, "v=0\n", {"application/sdp", Family::text}},
    ForeignRow{0, "v=0\r\n", {"application/sdp", Family::text}},
    ForeignRow{0, "%!PS", {"application/postscript", Family::text}},
    ForeignRow{0, "push graphic-context", {"image/x-mvg", Family::text}},
    ForeignRow{0, "<?xml", {"application/xml", Family::text}},
    ForeignRow{0, "<!DOCTYPE", {"text/html", Family::text}},
    ForeignRow{0, "<html", {"text/html", Family::text}},
    ForeignRow{0, "[InternetShortcut]", {"a link to a page", Family::text}},
};

Error refusal(ErrorCode code, std::string facts) {
    return {
        .code = code,
        .facts =
            std::move(facts) +
            " This upload stays as it is and takes no other bytes: begin a new one with INIT, or "
            "DELETE it."
    };
}

// --- base64 instead of bytes ---

std::size_t data_prefix_length(std::string_view text) {
    constexpr std::string_view mark = ";base64,";
    const auto end = text.substr(0, 128).find(mark);
    return text.starts_with("data:") && end != std::string_view::npos ? end + mark.size() : 0;
}

std::vector<std::byte> decoded_start(std::string_view text) {
    constexpr std::size_t characters_max = 256;
    std::string characters;
    for (const char c : text.substr(0, 2 * characters_max)) {
        if (c != '\r' && c != '\n' && characters.size() < characters_max) {
            characters += c;
        }
    }
    characters.resize(characters.size() / 4 * 4);
    Base64Decoder decoder;
    std::vector<std::byte> bytes;
    return decoder.feed(std::as_bytes(std::span(characters)), bytes) ? bytes
                                                                     : std::vector<std::byte>();
}

std::optional<Error> refuse_base64(Bytes start) {
    const std::string_view text = text_of(start);
    const std::size_t prefix = data_prefix_length(text);
    const Container within = sniff(decoded_start(text.substr(prefix)));
    if (within == Container::unknown) {
        return std::nullopt;
    }
    return refusal(
        ErrorCode::base64_as_bytes,
        fmt::format(
            "The bytes are base64 text of {} (they begin with \"{}\"), 4/3 of the size of the "
            "file. "
            "Send the raw bytes in media, or this text in media_data{}.",
            facts_of(within).media_type,
            printable(text, 24),
            prefix > 0 ? " without its data: prefix" : ""
        )
    );
}

// --- bytes that were read as text ---

constexpr std::string_view replacement = "\xef\xbf\xbd";

// 0: it begins none.
std::size_t announced_length(unsigned char first) {
    return first < 0x80   ? 1
           : first < 0xc2 ? 0
           : first < 0xe0 ? 2
           : first < 0xf0 ? 3
           : first < 0xf5 ? 4
                          : 0;
}

// How many bytes the UTF-8 sequence at the beginning has; 0 if there is none. A sequence that is cut
// by the end counts.
std::size_t sequence_length(std::string_view text) {
    const auto wanted = announced_length(static_cast<unsigned char>(text.front()));
    const std::size_t length = std::min(wanted, text.size());
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++count;
    }
    return count;
}

// Signatures of which each byte became a character of its own (read as Latin-1, written as UTF-8).
bool is_latin1_as_utf8(std::string_view text) {
    return text.starts_with("\xc2\x89PNG") || text.starts_with("\xc3\xbf\xc3\x98\xc3\xbf");
}

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 9; });
}

std::optional<Error> refuse_text(Bytes start) {
    const std::string_view text = text_of(start);
    const std::size_t replaced = count_of(text, replacement);
    const bool is_lost = replaced > 0 && is_utf8(text) &&
                         (has_control_characters(text) || text.starts_with(replacement));
    if (is_lost) {
        return refusal(
            ErrorCode::binary_as_text,
            fmt::format(
                "The first {} bytes contain {} replacement characters (EF BF BD): the file was "
                "read as "
                "text, and every byte from 0x80 on was lost. Read it in binary mode.",
                start.size(),
                replaced
            )
        );
    }
    if (is_latin1_as_utf8(text) && is_utf8(text)) {
        return refusal(
            ErrorCode::binary_as_text,
            "The file was read as Latin-1 text and written as UTF-8: every byte from 0x80 on "
            "became "
            "two. Read it in binary mode."
        );
    }
    return std::nullopt;
}

// --- another kind than was declared ---

bool is_placeholder(std::string_view essence) {
    return !family_of_type(essence).has_value();
}

// The family that the caller asked for; nothing if the content is to decide.
std::optional<Family> family_wanted(const ContentClaim& claim) {
    if (claim.category_given) {
        return family_of(claim.category);
    }
    return family_of_type(claim.media_type);
}

// A category for this content, of the same use (post or direct message) as the one that was named.
std::string fitting(const ContentClaim& claim, Family found) {
    const bool is_dm = name_of(claim.category).starts_with("dm_");
    switch (found) {
        case Family::image:
            return is_dm ? "dm_image" : "tweet_image";
        case Family::gif:
            return is_dm ? "dm_gif" : "tweet_gif";
        case Family::video:
            return is_dm ? "dm_video" : "tweet_video";
        default:
            return "subtitles";
    }
}

std::string claim_text(const ContentClaim& claim) {
    const std::string type(essence_of(claim.media_type));
    std::string text =
        type.empty() ? "No media_type was declared" : "media_type is \"" + printable(type) + "\"";
    if (claim.category_given) {
        text += ", media_category " + std::string(name_of(claim.category));
    }
    return text;
}

Error mismatch(
    const ContentClaim& claim, std::string_view found, Bytes start, const std::string& advice
) {
    return refusal(
        ErrorCode::type_mismatch,
        fmt::format(
            "{}; the content is {} (first bytes {}). {}",
            claim_text(claim),
            found,
            hex_start(start),
            advice
        )
    );
}

std::optional<Error> refuse_known(const ContentClaim& claim, Container found, Bytes start) {
    const auto wanted = family_wanted(claim);
    const ContainerFacts& facts = facts_of(found);
    if (claim.as_x && facts.is_beyond_x && !is_placeholder(claim.media_type)) {
        return mismatch(
            claim,
            facts.media_type,
            start,
            "X does not process it: convert it, for instance with: magick input output.jpg."
        );
    }
    if (!wanted || may_carry(found, *wanted)) {
        return std::nullopt;
    }
    const std::string category = fitting(claim, facts.family);
    return mismatch(
        claim,
        facts.media_type,
        start,
        "With media_type " + std::string(facts.media_type) + " the category " + category +
            " would fit."
    );
}

std::optional<Error> refuse_foreign(const ContentClaim& claim, Bytes start) {
    const auto found = foreign_format(start);
    const auto wanted = family_wanted(claim);
    if (!found || !wanted || found->family == wanted) {
        return std::nullopt;
    }
    return mismatch(claim, found->name, start, "No category takes it; is it the right file?");
}

}  // namespace

Result<void> judge_first_bytes(const ContentClaim& claim, Bytes start) {
    const Container found = sniff(start);
    std::optional<Error> refused;
    const bool is_text = claim.category_given && family_of(claim.category) == Family::text;
    if (!is_text) {
        refused = found == Container::unknown ? refuse_base64(start) : std::nullopt;
        refused = refused ? refused : refuse_text(start);
    }
    if (!refused) {
        refused = found == Container::unknown ? refuse_foreign(claim, start)
                                              : refuse_known(claim, found, start);
    }
    if (refused) {
        return *std::move(refused);
    }
    return ok();
}

std::optional<ForeignFormat> foreign_format(Bytes start) {
    const std::string_view text = text_of(start);
    for (const ForeignRow& row : foreign_rows) {
        if (text.size() >= row.at + row.mark.size() &&
            text.substr(row.at, row.mark.size()) == row.mark) {
            return row.format;
        }
    }
    return std::nullopt;
}

std::string hex_start(Bytes start) {
    constexpr std::size_t shown = 12;
    std::string text;
    for (const std::byte byte : start.first(std::min(start.size(), shown))) {
        text += fmt::format("{}{:02x}", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
    }
    return text;
}

}  // namespace sluice
