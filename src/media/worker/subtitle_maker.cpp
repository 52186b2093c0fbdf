#include "media/worker/subtitle_maker.hpp"

#include <cstdio>
#include <memory>

#include "media/category_rules.hpp"
#include "media/subtitles.hpp"

namespace sluice {
namespace {

constexpr const char* captions_name = "captions.vtt";

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

ProcessingFailure trouble() {
    return internal_error("StorageError", "temporary problem, try again");
}

// Its size was checked against the category's limit before.
Processed<std::string> whole(const std::string& path) {
    const File file(std::fopen(path.c_str(), "rbe"));
    if (!file) {
        return std::unexpected(trouble());
    }
    std::string bytes(rule_of(Category::subtitles).bytes_max.value, '\0');
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    if (std::ferror(file.get()) != 0) {
        return std::unexpected(trouble());
    }
    return bytes;
}

bool write_file(const std::string& path, const std::string& text) {
    File file(std::fopen(path.c_str(), "wbe"));
    return file && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
           std::fclose(file.release()) == 0;
}

}  // namespace

Processed<MadeSubtitles> make_subtitles(
    const std::string& input, const std::string& output_folder
) {
    const auto bytes = whole(input);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto subtitles = read_subtitles(*bytes);
    if (!subtitles) {
        return std::unexpected(invalid_media("Subtitles", told(subtitles.error())));
    }
    const std::string text = write_vtt(*subtitles);
    if (!write_file(output_folder + "/" + captions_name, text)) {
        return std::unexpected(trouble());
    }
    return MadeSubtitles{
        {.name = captions_name,
         .content_type = "text/vtt;charset=utf-8",
         .size = {text.size()},
         .role = OutputRole::captions},
        {.media_type = std::string(subtitles->media_type), .width = 0, .height = 0},
    };
}

}  // namespace sluice
