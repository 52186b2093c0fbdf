'use strict';
// twitter-api-v2, its v1 side.

const { TwitterApi } = require('twitter-api-v2');
const { run, read, sleep, credentials } = require('./harness.cjs');

const client = new TwitterApi({
    appKey: credentials.consumer_key,
    appSecret: credentials.consumer_secret,
    accessToken: credentials.access_token,
    accessSecret: credentials.access_secret,
});
const v1 = client.v1;

const upload = async (file, options) => ({ id: await v1.uploadMedia(file, options) });
const image = (file) => v1.uploadMedia(file, { mimeType: 'image/png' });

run({
    chunked_image: ({ image: file }) => upload(file, { chunkLength: 20000 }),
    chunked_video: ({ video }) => upload(video, { mimeType: 'video/mp4', chunkLength: 50000 }),
    gif: ({ gif }) => upload(gif),
    alt_text: async ({ image: file }) => {
        await v1.createMediaMetadata(await image(file), { alt_text: { text: 'A test picture' } });
    },
    subtitles: async ({ srt }, { chunked_video: video }) => {
        const text = await v1.uploadMedia(srt, { mimeType: 'text/plain', type: 'srt' });
        await v1.createMediaSubtitles(video.id, [{ media_id: text, language_code: 'EN', display_name: 'English' }]);
    },
    delete_subtitles: async (files, { chunked_video: video }) => {
        await v1.deleteMediaSubtitles(video.id, 'EN');
    },
    post: async ({ image: file }) => (await v1.tweet('with a picture', { media_ids: await image(file) })).id_str,
    post_v2: async ({ image: file }) => {
        const id = await image(file);
        return (await client.v2.tweet('with a picture', { media: { media_ids: [id] } })).data.id;
    },
    wrong_category: ({ video }) => upload(read(video), { mimeType: 'image/png' }),
    failed_processing: ({ broken }) => upload(broken, { mimeType: 'video/mp4' }),
    too_large: ({ large }) => upload(large, { mimeType: 'image/png' }),
    forgotten_finalize: async () => {
        const begun = await v1.post(
            'media/upload.json',
            { command: 'INIT', total_bytes: 1000, media_type: 'video/mp4', media_category: 'tweet_video' },
            { prefix: 'https://upload.x.com/1.1/' },
        );
        return v1.mediaInfo(begun.media_id_string);
    },
    expired_id: async ({ image: file, lifetime }) => {
        const id = await image(file);
        await sleep(lifetime + 0.5);
        return v1.mediaInfo(id);
    },
    with_keys: async ({ image: file, video }) => {
        const id = await image(file);
        await v1.createMediaMetadata(id, { alt_text: { text: 'A test picture' } });
        await client.v2.tweet('with a picture', { media: { media_ids: [id] } });
        return upload(video, { mimeType: 'video/mp4', chunkLength: 50000 });
    },
    bad_signature: ({ image: file }) => upload(file),
});
