#include "server/backup_file.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/json_writer.hpp"
#include "server/directory_mark.hpp"

namespace sluice::server {

std::string as_json(const BackupFacts& facts) {
    JsonWriter json;
    json.begin_object()
        .member("version", SLUICE_VERSION)
        .member("made_at", rfc3339(SystemClock().now()))
        .member("uploads", facts.uploads)
        .member("files", facts.files)
        .member("bytes", facts.bytes)
        .member("problems", facts.problems)
        .end_object();
    return json.take();
}

Result<void> write_backup_file(const std::string& folder, const BackupFacts& facts) {
    std::ofstream file(folder + backup_file);
    file << as_json(facts) << '\n' << std::flush;
    return file ? ok() : system_error(errno == 0 ? EIO : errno, "write " + folder + backup_file);
}

Result<void> put_in_place(const std::string& folder, const std::string& target) {
    if (std::rename(folder.c_str(), target.c_str()) != 0) {
        return system_error(errno, "rename " + folder + " to " + target);
    }
    return sync_directory(std::filesystem::absolute(target).parent_path().string());
}

}  // namespace sluice::server
