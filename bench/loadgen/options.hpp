// What the command line of the load generator says.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/connection.hpp"

namespace sluice::bench {

struct Options {
    std::string mode;            // upload, status or hold
    std::string protocol = "x";  // x, tus or put
    Target target;
    std::string label;
    std::string stencil;  // a small file that every upload begins with
    std::string category = "tweet_video";
    std::string media_type = "video/mp4";
    std::vector<int> pids;  // of the server

    // upload
    std::uint64_t size = 64ULL << 20;
    std::uint64_t chunk = 4ULL << 20;
    std::uint64_t uploads = 16;
    std::uint64_t first = 0;        // number of the first upload: another one, other bytes
    std::uint64_t parallel = 1;     // connections of one upload
    std::uint64_t connections = 1;  // in all
    bool is_verifying = false;

    // status
    std::string of = "open";  // of which uploads: open, finished (not waited for), ready, or fixed
    bool waits_for_line = false;  // on stdin, between making the uploads and asking
    double rate = 0;              // requests per second, open loop; 0: closed loop

    // hold
    std::string hold = "none";  // none, idle or stalled
    std::uint64_t further = 0;  // uploads, after the first --uploads: what each of them costs
    std::uint64_t partial = 64ULL << 10;
    double settle = 1;

    double duration = 0;   // seconds; 0: until all uploads are done
    double timeout = 300;  // seconds; the run has failed
    std::uint64_t region = 64ULL << 20;
};

// Prints how it is used and leaves the program if the arguments are wrong.
Options options_of(int count, char** arguments);

}  // namespace sluice::bench
