// Whether a video may be published as it is, its packets copied into our containers instead of
// decoded and encoded again (reference: media-pipeline, section 4, "smart remux"). Pure.
#pragma once

#include <string_view>

#include "media/ladder.hpp"
#include "media/probe.hpp"

namespace sluice {

// Why the picture must be encoded again, in a few words; empty: it may be copied as the rendition
// `top`, the largest of its ladder.
std::string_view why_not_copied(const VideoProbe& probe, const LadderSize& top);

// Whether a copy is enough by itself: small enough for slow connections, so that nothing smaller need
// be encoded beside it.
bool is_light(const VideoProbe& probe);

// AAC-LC, at most stereo, at most 48 kHz.
bool may_copy_sound(const SoundStream& sound);

}  // namespace sluice
