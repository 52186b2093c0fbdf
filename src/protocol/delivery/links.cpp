#include "protocol/delivery/links.hpp"

#include <algorithm>

#include "core/output.hpp"

namespace sluice::protocol::delivery {
namespace {

struct Place {
    std::string_view folder;
    bool is_of_subtitles;
};

// "v720.mp4", "storyboard.jpg#xywh=0,0,160,90", "/media/3_17/captions.vtt"
std::string signed_link(std::string_view link, Place place, const UrlSigner& signer) {
    const auto end = std::min(link.find('#'), link.size());
    const std::string file(link.substr(0, end));
    const bool is_captions = place.is_of_subtitles && file.starts_with("/media/");
    if (!is_output_name(file) && !is_captions) {
        return std::string(link);
    }
    const std::string path = is_captions ? file : std::string(place.folder) + file;
    return file + signer.query_for(path) + std::string(link.substr(end));
}

// The value of the attribute URI="…" of a tag; the line as it is without one.
std::string signed_tag(std::string_view line, Place place, const UrlSigner& signer) {
    constexpr std::string_view attribute = "URI=\"";
    const auto at = line.find(attribute);
    const auto begin = at + attribute.size();
    const auto end = at == std::string_view::npos ? at : line.find('"', begin);
    if (end == std::string_view::npos) {
        return std::string(line);
    }
    return std::string(line.substr(0, begin)) +
           signed_link(line.substr(begin, end - begin), place, signer) +
           std::string(line.substr(end));
}

// Of a storyboard's times only the lines with a tile are links.
bool is_link(std::string_view line, bool is_playlist) {
    return is_playlist ? !line.empty() && !line.starts_with('#')
                       : line.find("#xywh=") != std::string_view::npos;
}

}  // namespace

std::string with_signed_links(
    std::string_view text, std::string_view folder, const UrlSigner& signer, bool is_of_subtitles
) {
    const Place place{folder, is_of_subtitles};
    const bool is_playlist = text.starts_with("#EXTM3U");
    std::string result;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        if (is_link(line, is_playlist)) {
            result += signed_link(line, place, signer);
        } else {
            result += is_playlist ? signed_tag(line, place, signer) : std::string(line);
        }
        result += '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

}  // namespace sluice::protocol::delivery
