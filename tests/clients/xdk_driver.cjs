'use strict';
// @xdevplatform/xdk: X's own, v2, JSON with base64 throughout.

const { Client } = require('@xdevplatform/xdk');
const { run, read, sleep, credentials } = require('./harness.cjs');

const { media, posts } = new Client({ accessToken: credentials.bearer });

const base64 = (file) => read(file).toString('base64');
const oneShot = async (file) =>
    (await media.upload({ media: base64(file), mediaCategory: 'tweet_image', mediaType: 'image/png' })).data;

async function chunked(file, mediaType, mediaCategory, size) {
    const bytes = read(file);
    const { data: begun } = await media.initializeUpload({ mediaType, mediaCategory, totalBytes: bytes.length });
    for (let index = 0; index * size < bytes.length; index++) {
        const piece = bytes.subarray(index * size, (index + 1) * size).toString('base64');
        await media.appendUpload(begun.id, { media: piece, segmentIndex: index });
    }
    let { data } = await media.finalizeUpload(begun.id);
    while (data.processingInfo && ['pending', 'in_progress'].includes(data.processingInfo.state)) {
        await sleep(data.processingInfo.checkAfterSecs);
        ({ data } = await media.getUploadStatus(begun.id, { command: 'STATUS' }));
    }
    return { id: begun.id, processing_info: data.processingInfo || null };
}

run({
    one_shot_image: async ({ image }) => ({ id: (await oneShot(image)).id }),
    chunked_image: ({ image }) => chunked(image, 'image/png', 'tweet_image', 20000),
    chunked_video: ({ video }) => chunked(video, 'video/mp4', 'tweet_video', 50000),
    gif: ({ gif }) => chunked(gif, 'image/gif', 'tweet_gif', 1 << 20),
    alt_text: async ({ image }) => {
        const { id } = await oneShot(image);
        const metadata = { altText: { text: 'A test picture' } };
        return (await media.createMetadata({ id, metadata })).data.id;
    },
    subtitles: async ({ srt }, { chunked_video: video }) => {
        const { id } = await chunked(srt, 'text/srt', 'subtitles', 1 << 20);
        const subtitles = { id, languageCode: 'EN', displayName: 'English' };
        await media.createSubtitles({ id: video.id, mediaCategory: 'TweetVideo', subtitles });
    },
    delete_subtitles: async (files, { chunked_video: video }) => {
        await media.deleteSubtitles({ id: video.id, mediaCategory: 'TweetVideo', languageCode: 'EN' });
    },
    post_v2: async ({ image }) => {
        const { id } = await oneShot(image);
        return (await posts.create({ text: 'with a picture', media: { mediaIds: [id] } })).data.id;
    },
    wrong_category: ({ video }) => chunked(video, 'video/mp4', 'tweet-video', 1 << 20),
    failed_processing: ({ broken }) => chunked(broken, 'video/mp4', 'tweet_video', 1 << 20),
    use_of_failed: async ({ broken }) => {
        const { id } = await chunked(broken, 'video/mp4', 'tweet_video', 1 << 20);
        return (await posts.create({ text: 'with a video', media: { mediaIds: [id] } })).data.id;
    },
    too_large: ({ large }) => oneShot(large),
    forgotten_finalize: async () => {
        const { data } = await media.initializeUpload({ mediaType: 'video/mp4', mediaCategory: 'tweet_video', totalBytes: 1000 });
        return media.getUploadStatus(data.id);
    },
    expired_id: async ({ image, lifetime }) => {
        const { id } = await oneShot(image);
        await sleep(lifetime + 0.5);
        return media.getUploadStatus(id);
    },
    with_keys: async ({ image }) => ({ id: (await oneShot(image)).id }),
    bad_token: async ({ image }) => ({ id: (await oneShot(image)).id }),
});
