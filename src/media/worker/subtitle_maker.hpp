// Makes captions.vtt of a subtitle file, if it can be read (media/subtitles.hpp). Blocking.
#pragma once

#include <string>

#include "core/processing.hpp"
#include "media/failures.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

struct MadeSubtitles {
    ProducedFile file;
    Content content;
};

Processed<MadeSubtitles> make_subtitles(const std::string& input, const std::string& output_folder);

}  // namespace sluice
