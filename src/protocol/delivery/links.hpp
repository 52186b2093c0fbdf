// Text files that name others beside them (HLS playlists, the times of a storyboard): for readers
// with signed URLs each link gets a signature of its own. Pure.
#pragma once

#include <string>
#include <string_view>

#include "protocol/common/url_signer.hpp"

namespace sluice::protocol::delivery {

// `folder`: where the links lead, "/media/7_1349/". Only names of that folder are signed, since a file
// may have been written by a decoder that a hostile medium took over; and, in a playlist of subtitles,
// which is our own text, the captions that it is about.
std::string with_signed_links(
    std::string_view text, std::string_view folder, const UrlSigner& signer, bool is_of_subtitles
);

}  // namespace sluice::protocol::delivery
