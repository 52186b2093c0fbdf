// What the real sluice-worker makes of videos and animated GIFs.
#include <algorithm>

#include "media/worker/worker_fixture.hpp"

namespace sluice {
namespace {

using test::read_file;
using test::shell;
using test::video_facts;
using test::Worker;
using test::write_file;

// Every file of an HLS presentation as a player finds it, from the master playlist on.
void expect_presentation(const std::string& folder, std::size_t variants, bool has_sound) {
    const auto master = read_file(folder + "/master.m3u8");
    std::size_t found = 0;
    std::istringstream lines(master);
    std::string keyframes;
    for (std::string line; std::getline(lines, line);) {
        if (!line.ends_with(".m3u8")) {
            continue;
        }
        ++found;
        EXPECT_EQ(read_file(folder + "/" + line).find("#EXTM3U"), 0U) << line;
        const auto times = shell(
            "ffprobe -v error -select_streams v -skip_frame nokey -show_entries frame=pts_time -of "
            "csv=p=0 " +
            folder + "/" + line + " | grep -o '^[0-9.]*'"
        );
        EXPECT_FALSE(times.empty()) << line;
        EXPECT_TRUE(keyframes.empty() || keyframes == times) << line << " is not aligned";
        keyframes = times;
    }
    EXPECT_EQ(found, variants) << master;
    EXPECT_EQ(master.find("URI=\"a128.m3u8\"") != std::string::npos, has_sound);
}

TEST_F(Worker, MakesALadderThatAPlayerCanSwitchOn) {
    test::make_clip(folder_ / "clip", "1280x720", 5);
    const auto files = files_of(run(Category::tweet_video, "video/mp4", folder_ / "clip"));
    for (const auto* name :
         {"1280x720.mp4",
          "640x360.mp4",
          "320x180.mp4",
          "poster.jpg",
          "poster.webp",
          "storyboard.jpg",
          "storyboard.vtt",
          "master.m3u8",
          "v720.mp4",
          "a128.m3u8"}) {
        EXPECT_TRUE(files.contains(name)) << name;
    }
    expect_presentation(out_, 3, true);
    EXPECT_EQ(files.at("master.m3u8").content_type, "application/vnd.apple.mpegurl");
    EXPECT_EQ(files.at("poster.jpg").placeholder.empty(), false);
    EXPECT_EQ(
        video_facts(out_ + "/storyboard.jpg", "stream=codec_name,width,height"), "mjpeg,480,90"
    );
}

TEST_F(Worker, TellsWhatCanBePlayedBeforeTheRestIsMade) {
    test::make_clip(folder_ / "clip", "1280x720", 3);
    const auto outcome = run(Category::tweet_video, "video/mp4", folder_ / "clip");
    const auto is_playable = [](const WorkerReport& report) {
        return std::holds_alternative<PlayableReport>(report);
    };
    ASSERT_EQ(std::ranges::count_if(outcome.reports, is_playable), 1);
    const auto& early =
        std::get<PlayableReport>(*std::ranges::find_if(outcome.reports, is_playable));
    ASSERT_EQ(early.outputs.size(), 3U);
    EXPECT_EQ(early.outputs[0].name, "320x180.mp4");
    EXPECT_EQ(early.outputs[1].name, "poster.jpg");
    for (const auto& file : early.outputs) {
        EXPECT_EQ(std::ranges::count(outcome.done()->outputs, file.name, &ProducedFile::name), 0)
            << file.name << " is named once";
    }
}

// What the packets of the picture are, whatever container they are in.
std::string packets_of(const std::string& path) {
    return shell(
        "ffmpeg -nostdin -v error -i " + path +
        " -map 0:v -c copy -bsf:v filter_units=remove_types=6,h264_mp4toannexb -f md5 -"
    );
}

void make_conforming(const std::string& path, const std::string& rate) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=640x360:r=30:d=4,noise=alls=20:allf=t "
        "-f "
        "lavfi -i sine=d=4 -c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v " +
        rate + " -maxrate " + rate + " -bufsize " + rate + " -g 60 -c:a aac -ac 2 -f mp4 " + path
    );
}

TEST_F(Worker, CopiesWhatConforms) {
    make_conforming(folder_ / "clip", "500k");
    const auto files = files_of(run(Category::tweet_video, "video/mp4", folder_ / "clip"));
    ASSERT_TRUE(files.contains("640x360.mp4"));
    EXPECT_TRUE(files.at("640x360.mp4").is_copied);
    EXPECT_TRUE(files.at("v360.mp4").is_copied);
    EXPECT_TRUE(files.contains("storyboard.jpg"));
    EXPECT_EQ(packets_of(out_ + "/640x360.mp4"), packets_of(folder_ / "clip"));
    expect_presentation(out_, 1, true);
}

TEST_F(Worker, MakesSmallerRenditionsBesideAHeavyCopy) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=1280x720:r=30:d=4,noise=alls=40:allf=t "
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -profile:v high -b:v 3000k -maxrate 3200k "
        "-bufsize 3M -g 60 -f mp4 " +
        (folder_ / "heavy")
    );
    const auto files = files_of(run(Category::tweet_video, "video/mp4", folder_ / "heavy"));
    ASSERT_TRUE(files.contains("320x180.mp4"));
    EXPECT_TRUE(files.at("1280x720.mp4").is_copied);
    EXPECT_FALSE(files.at("640x360.mp4").is_copied);
    expect_presentation(out_, 3, false);
}

TEST_F(Worker, DoesNotPublishACopyOfDamage) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=640x360:r=30:d=4 -c:v libx264 -preset "
        "veryfast -pix_fmt yuv420p -b:v 500k -g 60 -movflags +faststart -f mp4 " +
        (folder_ / "whole")
    );
    auto bytes = read_file(folder_ / "whole");
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 20'000; ++i) {
        bytes[i] = static_cast<char>(~bytes[i]);
    }
    write_file(folder_ / "clip", bytes);
    const auto outcome = run(Category::tweet_video, "video/mp4", folder_ / "clip");
    if (outcome.done() != nullptr) {
        for (const auto& file : outcome.done()->outputs) {
            EXPECT_FALSE(file.is_copied) << file.name;
        }
    } else {
        EXPECT_EQ(outcome.failed()->failure.reason, "DecodeError");
    }
}

TEST_F(Worker, SoundKeepsItsPlaceBesideThePicture) {
    test::make_clip(folder_ / "clip", "320x240", 4);
    shell(
        "ffmpeg -nostdin -v error -y -i " + (folder_ / "clip") + " -itsoffset 0.7 -i " +
        (folder_ / "clip") + " -map 0:a -map 1:v -c copy -f mp4 " + (folder_ / "sound_first")
    );
    files_of(run(Category::tweet_video, "video/mp4", folder_ / "sound_first"));
    EXPECT_EQ(
        shell(
            "ffprobe -v error -show_entries stream=codec_type,start_time -of csv=p=0 " + out_ +
            "/320x240.mp4"
        ),
        "video,0.700000\naudio,0.000000\n"
    );
}

TEST_F(Worker, WhatAnEditListCutsAwayIsNotMissing) {
    test::make_clip(folder_ / "clip", "320x240", 5);
    shell(
        "ffmpeg -nostdin -v error -y -ss 1.3 -i " + (folder_ / "clip") + " -c copy -f mp4 " +
        (folder_ / "cut")
    );
    const auto files = files_of(run(Category::tweet_video, "video/mp4", folder_ / "cut"));
    ASSERT_TRUE(files.contains("320x240.mp4"));
    EXPECT_NEAR(static_cast<double>(files.at("320x240.mp4").duration_ms), 3700, 220);
}

TEST_F(Worker, TakesTheSoundOfOldCamerasAndOfBroadcasts) {
    for (const std::string sound : {"ac3 -ac 6", "mp2", "alac", "pcm_s16be"}) {
        SCOPED_TRACE(sound);
        shell(
            "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=320x240:r=25:d=1 -f lavfi -i "
            "sine=d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -strict -2 -c:a " +
            sound + " -f mov " + (folder_ / "clip")
        );
        files_of(run(Category::tweet_video, "video/quicktime", folder_ / "clip"));
        EXPECT_EQ(
            shell(
                "ffprobe -v error -select_streams a -show_entries stream=codec_name,channels -of "
                "csv=p=0 " +
                out_ + "/320x240.mp4"
            ),
            "aac,2\n"
        );
    }
}

TEST_F(Worker, WhatIsTransparentInAGifIsWhite) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i 'color=red@0.0:s=64x64:r=10:d=1,format=rgba,"
        "split[a][b];[a]palettegen[p];[b][p]paletteuse' -f gif " +
        (folder_ / "gif")
    );
    files_of(run(Category::tweet_gif, "image/gif", folder_ / "gif"));
    const auto pixel = shell(
        "ffmpeg -nostdin -v error -i " + out_ +
        "/gif.mp4 -frames:v 1 -vf scale=1:1,format=gray -f rawvideo - | od -An -tu1"
    );
    EXPECT_GT(std::stoi(pixel), 225) << pixel;
    const auto poster = shell(
        "ffmpeg -nostdin -v error -i " + out_ +
        "/poster.jpg -vf scale=1:1,format=gray -f rawvideo - | od -An -tu1"
    );
    EXPECT_GT(std::stoi(poster), 225) << poster;
}

}  // namespace
}  // namespace sluice
