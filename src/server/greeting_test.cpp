#include "server/greeting.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

TEST(GreetingText, NamesEachWayInAndALineThatRuns) {
    const FoundTools tools{.ffmpeg = "/usr/bin/ffmpeg", .worker = "/usr/bin/sluice-worker"};
    Greeting greeting{
        .url = "http://127.0.0.1:8080", .sandbox = "on", .data = "./sluice-data", .tools = tools
    };
    const std::string open = greeting_text(greeting);
    for (const char* path :
         {"/1.1/media/upload.json", "/2/media/upload", "/files/", "/resumable/"}) {
        EXPECT_NE(open.find(greeting.url + path + "\n"), std::string::npos) << path;
    }
    EXPECT_NE(
        open.find("  sluice upload --server http://127.0.0.1:8080 clip.mp4"), std::string::npos
    );
    EXPECT_EQ(open.find("sluice keys create"), std::string::npos);

    greeting.sign_in = greeting.url + "/login#code";
    const std::string with_keys = greeting_text(greeting);
    EXPECT_NE(
        with_keys.find("sluice keys create --name NAME --data ./sluice-data\n"), std::string::npos
    );
    EXPECT_NE(with_keys.find("SLUICE_TOKEN=BEARER_TOKEN sluice upload"), std::string::npos);
}

}  // namespace
}  // namespace sluice::server
