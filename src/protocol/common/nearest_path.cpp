#include "protocol/common/nearest_path.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::string_view v1_upload = "/1.1/media/upload.json";
constexpr std::string_view v2_upload = "/2/media/upload";

constexpr std::array<std::string_view, 14> known_paths{
    v1_upload,
    "/1.1/media/metadata/create.json",
    "/1.1/media/subtitles/create.json",
    "/1.1/media/subtitles/delete.json",
    "/1.1/statuses/update.json",
    v2_upload,
    "/2/media/upload/initialize",
    "/2/media/metadata",
    "/2/media/subtitles",
    "/2/media",
    "/2/tweets",
    "/api/v1/uploads",
    "/livez",
    "/metrics",
};

bool is_known(std::string_view path) {
    return std::ranges::find(known_paths, path) != known_paths.end();
}

// "/append", "/123/append", "/initialize": what v2 has below its upload path.
bool is_v2_command(std::string_view rest) {
    return rest == "/initialize" || rest.ends_with("/append") || rest.ends_with("/finalize");
}

std::optional<NearestPath> of_v1(std::string_view asked) {
    for (const std::string_view root : {v1_upload, std::string_view("/1.1/media/upload")}) {
        const std::string_view rest = asked.substr(std::min(root.size(), asked.size()));
        if (asked.starts_with(root) && is_v2_command(rest)) {
            return NearestPath{
                std::string(v2_upload) + std::string(rest),
                "paths for each step belong to v2, v1.1 has the parameter command"
            };
        }
    }
    return std::nullopt;
}

std::optional<NearestPath> of_v2(std::string_view asked) {
    const std::string_view rest =
        asked.starts_with(v2_upload) ? asked.substr(v2_upload.size()) : std::string_view();
    if (rest == "/append" || rest == "/finalize") {
        return NearestPath{
            std::string(v2_upload) + "/{id}" + std::string(rest), "the id of the upload is missing"
        };
    }
    const bool is_id = rest.size() > 1 && rest.front() == '/' &&
                       rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (is_id) {
        return NearestPath{
            std::string(v2_upload) + "?media_id=" + std::string(rest.substr(1)),
            "the state of an upload is asked with a parameter"
        };
    }
    return std::nullopt;
}

}  // namespace

std::optional<NearestPath> nearest_path(std::string_view asked) {
    const std::string_view plain = asked.substr(0, asked.find_last_not_of('/') + 1);
    if (plain != asked && is_known(plain)) {
        return NearestPath{std::string(plain), "there is a slash at the end"};
    }
    const std::string with_json = std::string(plain) + ".json";
    if (is_known(with_json)) {
        return NearestPath{with_json, "\".json\" is missing at the end"};
    }
    if (plain.ends_with(".json") && is_known(plain.substr(0, plain.size() - 5))) {
        return NearestPath{
            std::string(plain.substr(0, plain.size() - 5)), "v2 has no \".json\" at the end"
        };
    }
    if (auto found = of_v1(plain)) {
        return found;
    }
    if (auto found = of_v2(plain)) {
        return found;
    }
    if (plain.ends_with("/media/upload.json")) {
        return NearestPath{std::string(v1_upload), "the version is missing or another one"};
    }
    const auto nearest = nearest_word(plain, known_paths);
    return nearest ? std::optional(NearestPath{std::string(*nearest), "it is misspelt"})
                   : std::nullopt;
}

std::string unknown_path_facts(std::string_view asked) {
    std::string facts = "The path is \"" + printable(asked, 128) + "\".";
    if (const auto nearest = nearest_path(asked)) {
        facts += " Did you mean " + printable(nearest->path, 128) + "? " + "In yours, " +
                 nearest->why + ".";
    }
    return facts;
}

}  // namespace sluice::protocol
