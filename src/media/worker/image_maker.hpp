// Still images by libvips: a look at the header first, pixels only after the plan allowed them. The
// loader is named by the sniffed container; libvips never guesses. Orientation is applied, all
// metadata is dropped. In the worker only; blocking.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "media/failures.hpp"
#include "media/image_plan.hpp"
#include "media/probe.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

// Once per process, before anything else here. False: libvips does not work on this machine.
bool start_image_library();

// Failures: CorruptContainer.
Processed<ImageProbe> probe_image(const std::string& path, Container container);

// Told after each variant: how many of the plan's are written.
using OnVariant = std::function<void(std::size_t)>;

// Failures: Truncated or DecodeError (the pixels), NoSpace.
Processed<std::vector<ProducedFile>> make_images(
    const ImagePlan& plan,
    const std::string& input,
    Container container,
    const std::string& output_folder,
    const OnVariant& on_variant
);

// poster.jpg, with its placeholder, and poster.webp from a PNG that we made ourselves.
Processed<std::vector<ProducedFile>> make_poster(
    const std::string& picture, const std::string& output_folder
);

}  // namespace sluice
