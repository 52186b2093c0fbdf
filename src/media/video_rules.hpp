// The limits of a category on what the probe of a video or animated GIF saw. Pure; any thread.
#pragma once

#include <optional>

#include "media/category_rules.hpp"
#include "media/failures.hpp"
#include "media/probe.hpp"

namespace sluice {

// The first limit that is broken, with got and allowed; nothing if it is taken. Precondition: there
// is a picture.
std::optional<ProcessingFailure> refuse_video(const CategoryRule& rule, const VideoProbe& probe);

}  // namespace sluice
