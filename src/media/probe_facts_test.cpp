#include "media/probe_facts.hpp"

#include <gtest/gtest.h>

#include <map>

namespace sluice {
namespace {

std::map<std::string, std::string> facts_in(const std::string& lines) {
    std::map<std::string, std::string> found;
    for (const auto& fact : parse_probe_facts(lines)) {
        found.emplace(fact.name, fact.value);
    }
    return found;
}

VideoProbe film() {
    VideoProbe probe;
    probe.duration = std::chrono::milliseconds{2000};
    probe.picture.emplace();
    probe.picture->codec = "h264";
    probe.picture->profile = "High 4:2:2";
    probe.picture->pixel_format = "yuv422p";
    probe.picture->size = {1920, 1080};
    probe.picture->rotation = 90;
    probe.picture->frame_rate = 30000.0 / 1001;
    probe.picture->packets = 60;
    probe.picture->bytes = {500'000};
    probe.sound.emplace();
    probe.sound->codec = "aac";
    probe.sound->channels = 6;
    probe.sound->sample_rate = 48'000;
    return probe;
}

TEST(ProbeFacts, TellWhatSomebodyWhoLooksAtAFilmAsksFor) {
    const auto found = facts_in(probe_facts_of(film()));
    EXPECT_EQ(found.at("duration_ms"), "2000");
    EXPECT_EQ(found.at("video_codec"), "h264");
    EXPECT_EQ(found.at("video_profile"), "High 4:2:2");
    EXPECT_EQ(found.at("coded_size"), "1920x1080");
    EXPECT_EQ(found.at("rotation_degrees"), "90");
    EXPECT_EQ(found.at("frame_rate"), "29.97");
    EXPECT_EQ(found.at("video_bits_per_second"), "2000000");
    EXPECT_EQ(found.at("audio_channels"), "6");
}

TEST(ProbeFacts, LeaveOutWhatIsNotThere) {
    VideoProbe probe = film();
    probe.sound.reset();
    probe.picture->profile.clear();
    probe.picture->rotation = 0;
    probe.picture->frame_rate = 0;
    probe.duration = {};
    const auto found = facts_in(probe_facts_of(probe));
    for (const char* name :
         {"audio_codec", "video_profile", "rotation_degrees", "frame_rate", "video_bits_per_second"
         }) {
        EXPECT_FALSE(found.contains(name)) << name;
    }
}

TEST(ProbeFacts, OfAPictureTellHowItLies) {
    ImageProbe probe;
    probe.picture = {640, 480};
    probe.orientation = 6;
    probe.has_alpha = true;
    const auto found = facts_in(probe_facts_of(probe));
    EXPECT_EQ(found.at("exif_orientation"), "6");
    EXPECT_EQ(found.at("transparency"), "yes");
    EXPECT_FALSE(found.contains("pages"));
}

TEST(ProbeFacts, BelieveAWorkerOnlyWhatTheyKnow) {
    EXPECT_TRUE(parse_probe_facts("").empty());
    EXPECT_TRUE(parse_probe_facts("duration_ms").empty());
    EXPECT_TRUE(parse_probe_facts("duration_ms \n").empty());
    EXPECT_TRUE(parse_probe_facts("owner me\n").empty());
    EXPECT_TRUE(parse_probe_facts("video_codec <b>\n").empty());
    EXPECT_TRUE(parse_probe_facts("video_codec " + std::string(41, 'a') + "\n").empty());
    for (const char* number : {"1e9", "-1", "01", "1.", ".5", "1.2.3", "nan", "1 2"}) {
        EXPECT_TRUE(parse_probe_facts("frames " + std::string(number) + "\n").empty()) << number;
    }
    EXPECT_EQ(parse_probe_facts("frames 0\nframe_rate 0.5\n").size(), 2U);
}

}  // namespace
}  // namespace sluice
