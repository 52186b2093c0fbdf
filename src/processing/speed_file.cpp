#include "processing/speed_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.hpp"

namespace sluice {

void SpeedFile::load() {
    std::ifstream file(path_);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!text.empty() && !speed_.restore(text)) {
        log::warning("speeds_unreadable", "what was learned of speeds is lost", {{"path", path_}});
    }
}

void SpeedFile::save_now_and_then() {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::scoped_lock lock(mutex_);
        if (now - saved_at_ < pause) {
            return;
        }
        saved_at_ = now;
    }
    save();
}

void SpeedFile::save() {
    if (path_.empty()) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    const std::string temporary = path_ + ".new";
    {
        std::ofstream file(temporary, std::ios::trunc);
        file << speed_.text();
        if (!file.flush()) {
            log::warning("speeds_not_written", "speeds are not kept", {{"path", path_}});
            return;
        }
    }
    std::error_code ignored;  // the file of before stays
    std::filesystem::rename(temporary, path_, ignored);
}

}  // namespace sluice
