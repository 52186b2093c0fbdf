'use strict';
// twitter-api-v2, its v2 side, with a bearer token of a user.

const { TwitterApi } = require('twitter-api-v2');
const { run, read, sleep, credentials } = require('./harness.cjs');

const v2 = new TwitterApi(credentials.bearer).v2;

const upload = async (file, options, size) => ({ id: await v2.uploadMedia(read(file), options, size) });
const image = (file) => v2.uploadMedia(read(file), { media_type: 'image/png' });

run({
    chunked_image: ({ image: file }) => upload(file, { media_type: 'image/png' }, 20000),
    chunked_video: ({ video }) => upload(video, { media_type: 'video/mp4', media_category: 'tweet_video' }, 50000),
    gif: ({ gif }) => upload(gif, { media_type: 'image/gif', media_category: 'tweet_gif' }),
    alt_text: async ({ image: file }) => {
        await v2.createMediaMetadata(await image(file), { alt_text: { text: 'A test picture' } });
    },
    post_v2: async ({ image: file }) => {
        const id = await image(file);
        return (await v2.tweet('with a picture', { media: { media_ids: [id] } })).data.id;
    },
    wrong_category: ({ video }) => upload(video, { media_type: 'video/mp4', media_category: 'tweet-video' }),
    failed_processing: ({ broken }) => upload(broken, { media_type: 'video/mp4', media_category: 'tweet_video' }),
    too_large: ({ large }) => upload(large, { media_type: 'image/png' }),
    forgotten_finalize: async () => {
        const options = { media_type: 'video/mp4', total_bytes: 1000, media_category: 'tweet_video' };
        const begun = await v2.post('media/upload/initialize', options);
        return v2.get('media/upload', { command: 'STATUS', media_id: begun.data.id });
    },
    expired_id: async ({ image: file, lifetime }) => {
        const id = await image(file);
        await sleep(lifetime + 0.5);
        return v2.get('media/upload', { media_id: id });
    },
    with_keys: ({ image: file }) => upload(file, { media_type: 'image/png' }),
    bad_token: ({ image: file }) => upload(file, { media_type: 'image/png' }),
});
