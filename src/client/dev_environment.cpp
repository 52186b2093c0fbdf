#include "client/dev_environment.hpp"

#include <boost/json.hpp>
#include <string_view>

namespace sluice::client {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string() : std::string(text->c_str(), text->size());
}

}  // namespace

std::optional<DevEnvironment> parse_dev_environment(const std::string& body) {
    json::error_code error;
    const auto root = json::parse(body, error);
    const auto* object = error ? nullptr : root.if_object();
    if (object == nullptr) {
        return std::nullopt;
    }
    return DevEnvironment{
        .proxy_url = text_of(*object, "proxy_url"),
        .ca_bundle_file = text_of(*object, "ca_bundle_file"),
        .node_hook_file = text_of(*object, "node_hook_file"),
        .ruby_hook_file = text_of(*object, "ruby_hook_file")
    };
}

}  // namespace sluice::client
