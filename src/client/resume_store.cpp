#include "client/resume_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "base/json_writer.hpp"
#include "base/unique_fd.hpp"

namespace sluice::client {
namespace {

namespace json = boost::json;

std::string encode(const ResumeState& state) {
    JsonWriter out;
    out.begin_object().member("v", 1).member("media_id", state.media_id);
    out.member("chunk_size", state.chunk_size);
    out.member("media_type", state.media_type).member("category", state.category);
    out.member("url", state.url);
    out.key("acknowledged").begin_array();
    for (const auto index : state.acknowledged) {
        out.value(index);
    }
    out.end_array().end_object();
    return out.take();
}

std::string text_member(const json::object& object, const char* name) {
    const auto* found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::optional<std::uint64_t> number(const json::value* value) {
    if (value == nullptr) {
        return std::nullopt;
    }
    json::error_code error;
    const auto n = value->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(n);
}

std::optional<ResumeState> decode(const std::string& text) {
    json::error_code error;
    const auto root = json::parse(text, error);
    if (error || !root.is_object()) {
        return std::nullopt;
    }
    const auto& object = root.as_object();
    auto state = ResumeState{.media_id = text_member(object, "media_id")};
    state.chunk_size = number(object.if_contains("chunk_size")).value_or(0);
    state.media_type = text_member(object, "media_type");
    state.category = text_member(object, "category");
    state.url = text_member(object, "url");
    const auto* list = object.if_contains("acknowledged");
    if (state.media_id.empty() || state.chunk_size == 0 || list == nullptr || !list->is_array()) {
        return std::nullopt;
    }
    for (const auto& entry : list->as_array()) {
        if (const auto index = number(&entry)) {
            state.acknowledged.insert(static_cast<std::uint32_t>(*index));
        }
    }
    return state;
}

bool write_private(const std::filesystem::path& path, const std::string& text) {
    const auto fd =
        UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) {
        return false;
    }
    const auto written = ::write(fd.get(), text.data(), text.size());
    return written == static_cast<ssize_t>(text.size());
}

}  // namespace

std::filesystem::path FileResumeStore::file_of(const ResumeKey& key) const {
    auto text = key.path + '\n' + std::to_string(key.size) + '\n' + std::to_string(key.modified_ns);
    text += '\n' + key.target + '\n' + key.protocol;
    return folder_ / (sha256_hex(text) + ".json");
}

std::optional<ResumeState> FileResumeStore::load(const ResumeKey& key) {
    auto file = std::ifstream(file_of(key), std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    return decode(std::string(std::istreambuf_iterator<char>(file), {}));
}

// Not synced: after a power cut an older state, or none, only costs segments sent twice.
bool FileResumeStore::save(const ResumeKey& key, const ResumeState& state) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    const auto target = file_of(key);
    const auto staged = target.string() + "." + std::to_string(::getpid());
    if (error || !write_private(staged, encode(state))) {
        return false;
    }
    std::filesystem::rename(staged, target, error);
    return !error;
}

void FileResumeStore::erase(const ResumeKey& key) {
    std::error_code ignored;
    std::filesystem::remove(file_of(key), ignored);
}

}  // namespace sluice::client
