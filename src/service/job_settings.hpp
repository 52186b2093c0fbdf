// How long a job is held, how often it is tried, and how long it waits for stores that are away.
#pragma once

#include <chrono>
#include <vector>

namespace sluice {

struct JobSettings {
    // How long a silent slot keeps its job. Longer: a job of a dead server waits longer. Shorter:
    // more heartbeats.
    std::chrono::milliseconds lease{30'000};
    // Tries that end by a fault of ours before a job fails for good.
    int attempts_max = 3;
    // Tries that their worker does not survive: then the content is set aside.
    int crashes_max = 2;
    // Tries that the whole server did not survive: the job may be what kills it (memory), but most
    // often it only happened to run when the machine went down, so there are more of these.
    int interruptions_max = 10;
    // How long content that is set aside is refused.
    std::chrono::milliseconds quarantine = std::chrono::hours{1};
    // Whether the uploaded file stays once everything was made of it.
    bool keeps_original = true;
    // Pause after the first, second, … try; the last one repeats.
    std::vector<std::chrono::milliseconds> back_off{
        std::chrono::seconds{5}, std::chrono::seconds{30}
    };
    // How long a result waits for a store that is away, and how often it asks.
    std::chrono::milliseconds finish_patience = std::chrono::minutes{15};
    std::chrono::milliseconds finish_pause{500};
    // Tries that end because a store is away do not count for so long after the upload was finished:
    // what is refused for good looks the same.
    std::chrono::milliseconds away_max = std::chrono::hours{24};
};

}  // namespace sluice
