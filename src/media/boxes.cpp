#include "media/boxes.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr int boxes_max = 1000;
constexpr std::size_t names_shown = 8;

struct Box {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

std::uint64_t big_endian(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes) {
        value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return value;
}

// Nothing if no whole header is there. A length of 0 means "to the end".
std::optional<Box> box_at(std::uint64_t offset, std::uint64_t file_size, const ReadAt& read) {
    std::array<std::byte, 16> head{};
    const std::size_t count = read(offset, head);
    if (count < 8) {
        return std::nullopt;
    }
    const std::span bytes(head);
    Box box{
        printable({reinterpret_cast<const char*>(head.data()) + 4, 4}),
        offset,
        big_endian(bytes.first(4)),
    };
    if (box.length == 1 && count == head.size()) {
        box.length = big_endian(bytes.subspan(8, 8));
    } else if (box.length == 0) {
        box.length = file_size - offset;
    }
    return box;
}

struct Walk {
    std::string names;
    std::size_t count = 0;
    bool has_index = false;

    void note(const Box& box) {
        if (count++ < names_shown) {
            names += (names.empty() ? "" : ", ") + box.name;
        }
        has_index = has_index || box.name == "moov" || box.name == "moof";
    }
};

std::string cut_text(const Box& box, std::uint64_t file_size, bool has_index) {
    const std::string text = fmt::format(
        "the box {} begins at byte {} and announces {} bytes, but the file ends at byte {}: {} "
        "bytes "
        "of it are missing",
        box.name,
        box.offset,
        box.length,
        file_size,
        box.length - (file_size - box.offset)
    );
    return has_index || box.name == "moov" ? text
                                           : text + ", and with them the box moov (the index)";
}

}  // namespace

std::string box_fault(std::uint64_t file_size, const ReadAt& read) {
    Walk walk;
    std::uint64_t at = 0;
    for (int i = 0; i < boxes_max && at < file_size; ++i) {
        const auto box = box_at(at, file_size, read);
        if (!box) {
            return fmt::format(
                "the file ends at byte {}, within the head of a box that begins at byte {}",
                file_size,
                at
            );
        }
        if (box->length < 8) {
            return fmt::format("at byte {} there is no box", at);
        }
        if (box->length > file_size - at) {
            return cut_text(*box, file_size, walk.has_index);
        }
        walk.note(*box);
        at += box->length;
    }
    if (walk.has_index) {
        return {};
    }
    return fmt::format(
        "the box moov (the index) is missing, there are only {}: the recording was not ended, or "
        "the "
        "file was still being written when it was uploaded",
        walk.names
    );
}

}  // namespace sluice
