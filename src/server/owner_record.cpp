#include "server/owner_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "server/directory_mark.hpp"

namespace sluice::server {
namespace {

std::map<std::string, std::string> parse_lines(const std::string& text) {
    std::map<std::string, std::string> values;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto equal = line.find('=');
        if (equal != std::string::npos) {
            values[line.substr(0, equal)] = line.substr(equal + 1);
        }
    }
    return values;
}

// One line, whatever a machine is called.
std::string printable(std::string text) {
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

OwnRun parse_run(const std::string& line) {
    std::istringstream words(line);
    OwnRun run;
    words >> run.id >> run.place.file >> run.place.boot;
    return run;
}

std::string line_of(const OwnRun& run) {
    const auto word = [](const std::string& text) { return " " + (text.empty() ? "-" : text); };
    return run.id.empty() ? std::string() : run.id + word(run.place.file) + word(run.place.boot);
}

}  // namespace

std::string text_of(const OwnerRecord& record) {
    return "run=" + record.run + "\nhost=" + printable(record.host) + "\nsince=" + record.since +
           "\nstate=" + (record.is_stopped ? "stopped" : "running") +
           "\nasked_by=" + record.asked_by + "\n";
}

OwnerRecord parse_owner(const std::string& text) {
    if (text.empty()) {
        return {};
    }
    auto values = parse_lines(text);
    const std::string& run = values["run"];
    return {
        .run = run.empty() ? "unreadable" : run,
        .host = printable(values["host"]),
        .since = printable(values["since"]),
        .is_stopped = values["state"] == "stopped",
        .asked_by = values["asked_by"],
    };
}

// "-" in the file: what is not known is the same as nothing.
Place place_of(const std::string& data) {
    struct statx status{};
    const std::string lock = data + "/lock";
    if (::statx(AT_FDCWD, lock.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) {
        return {};
    }
    const std::string boot = read_line("/proc/sys/kernel/random/boot_id");
    Place place{.file = std::to_string(status.stx_ino), .boot = {}};
    if ((status.stx_mask & STATX_BTIME) != 0) {
        place.file += "." + std::to_string(status.stx_btime.tv_sec) + "." +
                      std::to_string(status.stx_btime.tv_nsec);
    }
    if (!boot.empty()) {
        place.boot = boot + "." + std::to_string(status.stx_dev_major) + ":" +
                     std::to_string(status.stx_dev_minor);
    }
    return place;
}

OwnRuns read_own_runs(const std::string& data) {
    std::ifstream file(data + owner_file);
    OwnRuns runs;
    for (OwnRun& run : runs) {
        std::string line;
        std::getline(file, line);
        run = parse_run(line);
        for (std::string* word : {&run.place.file, &run.place.boot}) {
            *word = *word == "-" ? std::string() : *word;
        }
    }
    return runs;
}

Result<void> write_own_runs(const std::string& data, const OwnRuns& runs) {
    std::string lines;
    for (const OwnRun& run : runs) {
        lines += line_of(run) + "\n";
    }
    return write_file_whole(data + owner_file, lines);
}

Claim claim_on(const OwnerRecord& owner, const OwnRuns& ours, const Place& here, bool may_replace) {
    if (owner.run.empty()) {
        return Claim::at_once;
    }
    const auto* own = std::ranges::find(ours, owner.run, &OwnRun::id);
    const bool is_ours = own != ours.end();
    if (is_ours && (owner.is_stopped || own->place.is(here))) {
        return Claim::at_once;
    }
    if (is_ours && own->place.is_disk_of(here)) {
        return Claim::after_silence;
    }
    if (may_replace) {
        return owner.is_stopped ? Claim::at_once : Claim::after_silence;
    }
    return is_ours ? Claim::of_copy : Claim::of_other;
}

}  // namespace sluice::server
