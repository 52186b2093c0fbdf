// From what was probed to what is to be done, or why not: the decision of processing. A plan says
// which outputs are made, with which filters, in which steps and at what predicted cost; running it
// is the worker's work. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/category_rules.hpp"
#include "media/cost_model.hpp"
#include "media/failures.hpp"
#include "media/probe.hpp"

namespace sluice {

enum class StepKind : std::uint8_t {
    probe,
    copy,     // packets of the source into our containers
    check,    // a look at what is copied, by decoding it
    preview,  // the smallest rendition, to be playable early
    encode,
    resize,
    package,  // tracks into progressive MP4 and HLS
    poster,
    storyboard,
    verify,
    publish,
};
std::string_view name_of(StepKind kind);

struct Step {
    StepKind kind;
    double weight;  // predicted CPU seconds: the share of the progress bar
};

// The sum of the weights.
double cpu_seconds_of(const std::vector<Step>& steps);

// Before anything is opened: is the content of the category's family? `declared`: the type as the
// caller gave it, may be empty. Nothing to tell means: go on and probe.
// `foreign`: the name of a format that is recognised and not processed, if it is one.
std::optional<ProcessingFailure> check_content(
    const CategoryRule& rule,
    std::string_view declared,
    Container found,
    ByteCount size,
    std::string_view foreign = {}
);

// What a job may take at most before it is given up.
std::chrono::milliseconds wall_limit(std::chrono::milliseconds expected, double spread);

}  // namespace sluice
