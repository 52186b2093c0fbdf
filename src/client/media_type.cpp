#include "client/media_type.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"

namespace sluice::client {
namespace {

struct Row {
    std::string_view extension;
    std::string_view type;
};

// The types that X v2 names for initialize, and the pictures of phones, by the extensions that people
// use.
constexpr std::array rows{
    Row{".mp4", "video/mp4"},   Row{".m4v", "video/mp4"},   Row{".mov", "video/quicktime"},
    Row{".webm", "video/webm"}, Row{".ts", "video/mp2t"},   Row{".mkv", "video/x-matroska"},
    Row{".jpg", "image/jpeg"},  Row{".jpeg", "image/jpeg"}, Row{".png", "image/png"},
    Row{".gif", "image/gif"},   Row{".webp", "image/webp"}, Row{".heic", "image/heic"},
    Row{".heif", "image/heif"}, Row{".avif", "image/avif"}, Row{".bmp", "image/bmp"},
    Row{".tif", "image/tiff"},  Row{".tiff", "image/tiff"}, Row{".srt", "text/srt"},
    Row{".vtt", "text/vtt"},
};

}  // namespace

std::optional<std::string> media_type_of(std::string_view path) {
    const auto extension = lower_case(std::filesystem::path(path).extension().string());
    const auto* found = std::ranges::find(rows, extension, &Row::extension);
    if (found == rows.end()) {
        return std::nullopt;
    }
    return std::string(found->type);
}

std::optional<std::string> category_of(std::string_view media_type) {
    if (media_type.starts_with("video/")) {
        return "tweet_video";
    }
    if (media_type == "image/gif") {
        return "tweet_gif";
    }
    if (media_type.starts_with("image/")) {
        return "tweet_image";
    }
    if (media_type == "text/srt" || media_type == "text/vtt") {
        return "subtitles";
    }
    return std::nullopt;
}

}  // namespace sluice::client
