// Text files that name others beside them (HLS playlists, the times of a storyboard): for readers
// with signed URLs each link gets a signature of its own. Pure.
#pragma once

#include <string>
#include <string_view>

#include "protocol/common/url_signer.hpp"

namespace sluice::protocol::delivery {

// `folder`: where relative links lead, "/media/7_1349/".
std::string with_signed_links(
    std::string_view text, std::string_view folder, const UrlSigner& signer
);

}  // namespace sluice::protocol::delivery
