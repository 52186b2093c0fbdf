// Plays a video in headless Chromium, by hls.js or by the <video> element itself, on a page of another site than the
// server's, and tells what happened as one JSON line: node hls_player.cjs '{"chromium","page","url","how"}'
"use strict";
const puppeteer = require("puppeteer-core");

// In the page. Until it has played `seconds` to the end of the patience.
async function play({ url, how, seconds, patience }) {
    const video = document.querySelector("video");
    const cuesOf = ({ textTracks }) => Array.from(textTracks, (track) => Array.from(track.cues || [], (cue) => cue.text)).flat();
    const told = { errors: [], levels: [], subtitles: [], cues: [] };
    video.muted = true;
    if (how === "hls.js") {
        const hls = new Hls({ enableWorker: false });
        hls.on(Hls.Events.ERROR, (_, data) => told.errors.push(`${data.type} ${data.details} ${data.fatal}`));
        hls.on(Hls.Events.MANIFEST_PARSED, (_, data) => {
            told.levels = data.levels.map((level) => `${level.width}x${level.height}`);
        });
        hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, data) => {
            told.subtitles = data.subtitleTracks.map((track) => `${track.lang} ${track.name}`);
        });
        hls.loadSource(url);
        hls.attachMedia(video);
    } else {
        video.src = url;
    }
    video.addEventListener("error", () => told.errors.push(`video ${video.error.code} ${video.error.message}`));
    const ends = performance.now() + patience * 1000;
    const isDone = () => video.ended || (video.currentTime >= seconds && (told.subtitles.length === 0 || cuesOf(video).length > 0));
    while (performance.now() < ends && !isDone() && !told.errors.some((one) => one.endsWith("true"))) {
        video.play().catch(() => {});
        for (const track of video.textTracks) {
            track.mode = "showing"; // as a viewer who turns captions on
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    told.cues = cuesOf(video);
    const quality = video.getVideoPlaybackQuality();
    const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
    canvas.getContext("2d").drawImage(video, 0, 0, 8, 8);
    return {
        ...told,
        time: video.currentTime,
        duration: video.duration,
        size: `${video.videoWidth}x${video.videoHeight}`,
        frames: quality.totalVideoFrames,
        hasSound: video.webkitAudioDecodedByteCount > 0,
    };
}

async function main() {
    const wanted = JSON.parse(process.argv[2]);
    const browser = await puppeteer.launch({
        executablePath: wanted.chromium,
        args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--no-proxy-server"],
    });
    try {
        const page = await browser.newPage();
        await page.goto(wanted.page);
        console.log(JSON.stringify(await page.evaluate(play, wanted)));
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
