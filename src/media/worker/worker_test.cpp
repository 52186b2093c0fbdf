// Runs the real sluice-worker on real files.
#include "media/worker/worker_fixture.hpp"

namespace sluice {
namespace {

using namespace std::string_literals;
using test::read_file;
using test::shell;
using test::video_facts;
using test::Worker;
using test::write_file;

TEST_F(Worker, MakesAPlayableRenditionAndAPosterFromAClip) {
    test::make_clip(folder_ / "clip", "640x360", 2);
    const auto outcome = run(Category::tweet_video, "video/mp4", folder_ / "clip");
    const auto files = files_of(outcome);
    const auto& video = files.at("640x360.mp4");
    EXPECT_EQ(video.content_type, "video/mp4");
    EXPECT_NEAR(static_cast<double>(video.duration_ms), 2000, 220);
    EXPECT_EQ(
        video_facts(
            out_ + "/640x360.mp4", "stream=codec_name,profile,width,height,pix_fmt,nb_frames"
        ),
        "h264,High,640,360,yuv420p,60"
    );
    EXPECT_EQ(
        shell(
            "ffprobe -v error -select_streams a -show_entries stream=codec_name,channels -of "
            "csv=p=0 " +
            out_ + "/640x360.mp4"
        ),
        "aac,2\n"
    );
    EXPECT_EQ(video_facts(out_ + "/poster.jpg", "stream=codec_name,width,height"), "mjpeg,640,360");
    const auto bytes = read_file(out_ + "/640x360.mp4");
    EXPECT_LT(bytes.find("moov"), bytes.find("mdat")) << "faststart";
    EXPECT_EQ(bytes.find("SECRET"), std::string::npos) << "metadata is dropped";
}

TEST_F(Worker, TellsProgressThatNeverFalls) {
    test::make_clip(folder_ / "clip", "1280x720", 6);
    const auto outcome = run(Category::dm_video, "video/mp4", folder_ / "clip");
    ASSERT_NE(outcome.done(), nullptr);
    int last = 0;
    int told = 0;
    for (const auto& report : outcome.reports) {
        if (const auto* progress = std::get_if<ProgressReport>(&report)) {
            EXPECT_GE(progress->percent, last);
            last = progress->percent;
            ++told;
        }
    }
    EXPECT_GE(told, 3);
    EXPECT_GE(last, 80);
    EXPECT_GT(outcome.done()->predicted.count(), 0);
}

TEST_F(Worker, TurnsAPortraitClipUpright) {
    test::make_clip(folder_ / "flat", "640x360", 1);
    shell(
        "ffmpeg -nostdin -v error -y -f mp4 -i " + (folder_ / "flat") +
        " -c copy -metadata:s:v:0 rotate=90 -f mp4 " + (folder_ / "clip")
    );
    const auto files = files_of(run(Category::tweet_video, "video/mp4", folder_ / "clip"));
    ASSERT_TRUE(files.contains("360x640.mp4"));
    EXPECT_EQ(
        video_facts(out_ + "/360x640.mp4", "stream=width,height:stream_side_data=rotation"),
        "360,640"
    );
}

TEST_F(Worker, TakesWebmAndTransportStreamsByContent) {
    test::make_clip(folder_ / "clip", "320x240", 1);
    shell(
        "ffmpeg -nostdin -v error -y -f mp4 -i " + (folder_ / "clip") + " -c copy -f mpegts " +
        (folder_ / "ts")
    );
    shell(
        "ffmpeg -nostdin -v error -y -f mp4 -i " + (folder_ / "clip") +
        " -c:v libvpx -c:a libopus -f webm " + (folder_ / "webm")
    );
    EXPECT_TRUE(
        files_of(run(Category::tweet_video, "video/mp2t", folder_ / "ts")).contains("320x240.mp4")
    );
    EXPECT_TRUE(
        files_of(run(Category::tweet_video, "video/mp4", folder_ / "webm")).contains("320x240.mp4")
    );
}

TEST_F(Worker, SaysWhereACutFileEnds) {
    test::make_clip(folder_ / "whole", "640x360", 4, true);
    const auto bytes = read_file(folder_ / "whole");
    write_file(folder_ / "cut", std::string_view(bytes).substr(0, bytes.size() / 2));
    const auto outcome = run(Category::tweet_video, "video/mp4", folder_ / "cut");
    ASSERT_NE(outcome.failed(), nullptr);
    EXPECT_EQ(outcome.failed()->failure.name, "InvalidMedia");
    EXPECT_EQ(outcome.failed()->failure.reason, "Truncated");
    EXPECT_TRUE(outcome.failed()->failure.message.starts_with("file is invalid: data ends at "));
    EXPECT_FALSE(outcome.failed()->may_retry);
}

TEST_F(Worker, RefusesFilesThatNobodyCanRead) {
    test::make_clip(folder_ / "whole", "640x360", 2);
    const auto bytes = read_file(folder_ / "whole");
    write_file(folder_ / "no_index", std::string_view(bytes).substr(0, bytes.size() / 2));
    write_file(folder_ / "garbage", std::string(10'000, 'x'));
    write_file(folder_ / "zeros", std::string(10'000, '\0'));
    write_file(folder_ / "empty", "");
    write_file(folder_ / "playlist", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
    const auto refuse = [&](const std::string& name, std::string_view message) {
        SCOPED_TRACE(name);
        expect_failure(
            run(Category::tweet_video, "video/mp4", folder_ / name), "CorruptContainer", message
        );
    };
    constexpr auto unknown =
        "file is invalid: declared video/mp4, but its first bytes are of no known media format";
    const auto cut = run(Category::tweet_video, "video/mp4", folder_ / "no_index");
    ASSERT_NE(cut.failed(), nullptr);
    EXPECT_EQ(cut.failed()->failure.reason, "CorruptContainer");
    EXPECT_TRUE(cut.failed()->failure.message.starts_with(
        "file is invalid: index missing or unreadable; the box mdat begins at byte "
    )) << cut.failed()->failure.message;
    refuse("garbage", unknown);
    refuse("zeros", unknown);
    const auto playlist = run(Category::tweet_video, "video/mp4", folder_ / "playlist");
    ASSERT_NE(playlist.failed(), nullptr);
    EXPECT_EQ(playlist.failed()->failure.reason, "Container");
    EXPECT_NE(playlist.failed()->failure.message.find("(a playlist)"), std::string::npos);
    refuse("empty", "file is invalid: it is empty (0 bytes)");
}

TEST_F(Worker, NamesBothTypesOfAMismatchAcrossFamilies) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=64x64 -frames:v 1 -f image2 -c:v png " +
        (folder_ / "png")
    );
    expect_failure(
        run(Category::tweet_video, "video/mp4", folder_ / "png"),
        "TypeMismatch",
        "file is invalid: declared video/mp4, found image/png"
    );
    test::make_clip(folder_ / "clip", "64x64", 1);
    expect_failure(
        run(Category::tweet_image, "image/png", folder_ / "clip"),
        "TypeMismatch",
        "file is invalid: declared image/png, found video/mp4"
    );
}

TEST_F(Worker, RefusesAShapeBeyondTheLimits) {
    test::make_clip(folder_ / "wide", "800x200", 1);
    expect_failure(
        run(Category::tweet_video, "video/mp4", folder_ / "wide"),
        "AspectRatio",
        "aspect ratio 4.00 is not between 0.33 and 3.00"
    );
}

TEST_F(Worker, TurnsAPhotoUprightAndDropsItsPosition) {
    test::make_phone_jpeg(folder_ / "photo", "900x600", 6);
    ASSERT_NE(read_file(folder_ / "photo").find("GPS-SECRET"), std::string::npos);
    // Declared as PNG: within the family the content decides.
    const auto files = files_of(run(Category::tweet_image, "image/png", folder_ / "photo"));
    EXPECT_EQ(files.size(), 6U);
    EXPECT_EQ(video_facts(out_ + "/large.jpg", "stream=codec_name,width,height"), "mjpeg,600,900");
    EXPECT_EQ(files.at("large.jpg").height, 900U);
    EXPECT_EQ(files.at("small.webp").height, 680U);
    EXPECT_EQ(files.at("thumb.jpg").width, 150U);
    EXPECT_EQ(files.at("thumb.jpg").height, 150U);
    EXPECT_FALSE(files.contains("medium.jpg")) << "never upscaled";
    for (const auto& [name, file] : files) {
        const auto bytes = read_file(out_ + "/" + name);
        EXPECT_EQ(bytes.find("SECRET"), std::string::npos) << name;
        for (const auto& mark : {"MM\0\x2a"s, "II\x2a\0"s, "Exif"s, "EXIF"s}) {
            EXPECT_EQ(bytes.find(mark), std::string::npos) << name << " carries EXIF";
        }
    }
}

TEST_F(Worker, TakesThePicturesOfPhones) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=900x600 -frames:v 1 -f image2 -c:v "
        "png " +
        (folder_ / "picture.png")
    );
    for (const std::string kind : {"heic", "avif"}) {
        SCOPED_TRACE(kind);
        const auto path = folder_ / ("picture." + kind);
        shell(
            "heif-enc " + std::string(kind == "avif" ? "-A " : "") + "-o " + path + " " +
            (folder_ / "picture.png") + " 2>&1"
        );
        // Declared as something else: within the family the content decides.
        const auto outcome = run(Category::tweet_image, "image/jpeg", path);
        const auto files = files_of(outcome);
        ASSERT_TRUE(files.contains("large.jpg"));
        EXPECT_EQ(files.at("large.jpg").width, 900U);
        EXPECT_EQ(outcome.done()->content.media_type, "image/" + kind);
        EXPECT_EQ(
            video_facts(out_ + "/large.jpg", "stream=codec_name,width,height"), "mjpeg,900,600"
        );
    }
}

TEST_F(Worker, KeepsTransparency) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i color=red@0.5:s=320x200,format=rgba -frames:v 1 "
        "-f image2 -c:v png " +
        (folder_ / "png")
    );
    const auto files = files_of(run(Category::dm_image, "image/png", folder_ / "png"));
    ASSERT_TRUE(files.contains("large.png"));
    EXPECT_EQ(files.at("large.png").content_type, "image/png");
    EXPECT_EQ(video_facts(out_ + "/large.png", "stream=pix_fmt"), "rgba");
}

TEST_F(Worker, RefusesPicturesThatEndEarly) {
    for (const std::string codec : {"mjpeg", "png"}) {
        SCOPED_TRACE(codec);
        shell(
            "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=800x600 -frames:v 1 -f image2 "
            "-c:v " +
            codec + " " + (folder_ / "whole")
        );
        const auto bytes = read_file(folder_ / "whole");
        write_file(folder_ / "cut", std::string_view(bytes).substr(0, bytes.size() / 2));
        expect_failure(
            run(Category::tweet_image, "image/jpeg", folder_ / "cut"),
            "DecodeError",
            "file is invalid: its pixels are damaged or end early"
        );
    }
}

TEST_F(Worker, MakesASilentLoopOfAGifAndAPictureOfItsFirstFrame) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=162x122:r=10:d=1 -vf "
        "scale=161:121,setsar=1,format=rgb24 -f gif " +
        (folder_ / "gif")
    );
    const auto loop = files_of(run(Category::tweet_gif, "image/gif", folder_ / "gif"));
    ASSERT_TRUE(loop.contains("gif.mp4"));
    EXPECT_TRUE(loop.contains("poster.jpg"));
    EXPECT_FALSE(loop.contains("master.m3u8"));
    EXPECT_EQ(
        video_facts(out_ + "/gif.mp4", "stream=codec_name,width,height,nb_frames"),
        "h264,160,120,10"
    );
    const auto still = files_of(run(Category::tweet_image, "image/gif", folder_ / "gif"));
    ASSERT_FALSE(still.empty());
    EXPECT_EQ(still.begin()->second.width, 161U);
}

TEST_F(Worker, MakesCaptionsOfSubtitles) {
    write_file(folder_ / "srt", "1\n00:00:00,000 --> 00:00:01,000\nHello\n");
    const auto outcome = run(Category::subtitles, "text/plain", folder_ / "srt");
    ASSERT_NE(outcome.done(), nullptr);
    EXPECT_EQ(outcome.done()->content.media_type, "text/srt");
    const auto files = files_of(outcome);
    EXPECT_EQ(files.at("captions.vtt").content_type, "text/vtt;charset=utf-8");
    EXPECT_EQ(
        read_file(out_ + "/captions.vtt"), "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello\n"
    );
}

TEST_F(Worker, NamesTheLineOfSubtitlesThatCannotBeRead) {
    write_file(folder_ / "srt", "1\n00:00:00,000 --> 00:00:01,000\ncaf\xE9\n");
    expect_failure(
        run(Category::subtitles, "text/srt", folder_ / "srt"),
        "Subtitles",
        "file is invalid: line 3: expected text in UTF-8, got the byte E9; save the file as UTF-8"
    );
}

TEST_F(Worker, AMissingInputIsNotTheMediumsFault) {
    const auto outcome = run(Category::tweet_video, "video/mp4", folder_ / "nothing");
    ASSERT_NE(outcome.failed(), nullptr);
    EXPECT_TRUE(outcome.failed()->may_retry);
    EXPECT_EQ(outcome.failed()->failure.reason, "StorageError");
}

}  // namespace
}  // namespace sluice
