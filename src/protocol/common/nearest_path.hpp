// The path that a caller meant who asked for one that does not exist: the ".json" forgotten, a slash
// at the end, v1.1 and v2 mixed (list of mistakes, row 6). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::protocol {

struct NearestPath {
    std::string path;
    std::string why;  // what is wrong with the one that was asked for, as the end of a sentence
};

std::optional<NearestPath> nearest_path(std::string_view asked);

// The facts of unknown_path, with the nearest one if there is any.
std::string unknown_path_facts(std::string_view asked);

}  // namespace sluice::protocol
