'use strict';
// twit. It never waits for processing, so the driver asks STATUS as scripts that use it do.

const Twit = require('twit');
const { run, read, sleep, credentials } = require('./harness.cjs');

const client = new Twit({
    consumer_key: credentials.consumer_key,
    consumer_secret: credentials.consumer_secret,
    access_token: credentials.access_token,
    access_token_secret: credentials.access_secret,
    timeout_ms: 30000,
});

const chunked = (file) =>
    new Promise((resolve, reject) =>
        client.postMediaChunked({ file_path: file }, (error, data) => (error ? reject(error) : resolve(data))),
    );
const media = (data) => ({ id: data.media_id_string, processing_info: data.processing_info || null });
const oneShot = async (file) =>
    (await client.post('media/upload', { media_data: read(file).toString('base64') })).data;
const status = async (id) => (await client.get('media/upload', { command: 'STATUS', media_id: id })).data;

async function processed(data) {
    let info = data.processing_info;
    while (info && (info.state === 'pending' || info.state === 'in_progress')) {
        await sleep(info.check_after_secs);
        info = (await status(data.media_id_string)).processing_info;
    }
    return { id: data.media_id_string, processing_info: info || null };
}

run({
    one_shot_image: async ({ image }) => media(await oneShot(image)),
    chunked_image: async ({ image }) => media(await chunked(image)),
    chunked_video: async ({ video }) => processed(await chunked(video)),
    gif: async ({ gif }) => processed(await chunked(gif)),
    alt_text: async ({ image }) => {
        const { media_id_string: id } = await oneShot(image);
        await client.post('media/metadata/create', { media_id: id, alt_text: { text: 'A test picture' } });
    },
    post: async ({ image }) => {
        const { media_id_string: id } = await oneShot(image);
        return (await client.post('statuses/update', { status: 'with a picture', media_ids: [id] })).data.id_str;
    },
    wrong_category: async () => {
        const options = { command: 'INIT', total_bytes: 1000, media_type: 'video/mp4', media_category: 'tweet-video' };
        return (await client.post('media/upload', options)).data;
    },
    failed_processing: async ({ broken }) => processed(await chunked(broken)),
    use_of_failed: async ({ broken }) => {
        const { media_id_string: id } = await chunked(broken);
        await sleep(2);
        return (await client.post('statuses/update', { status: 'with a video', media_ids: [id] })).data.id_str;
    },
    too_large: async ({ large }) => media(await oneShot(large)),
    forgotten_finalize: async () => {
        const options = { command: 'INIT', total_bytes: 1000, media_type: 'video/mp4', media_category: 'tweet_video' };
        const { data } = await client.post('media/upload', options);
        return status(data.media_id_string);
    },
    expired_id: async ({ image, lifetime }) => {
        const { media_id_string: id } = await oneShot(image);
        await sleep(lifetime + 0.5);
        return status(id);
    },
    with_keys: async ({ image, video }) => {
        const { media_id_string: id } = await oneShot(image);
        await status(id);
        return processed(await chunked(video));
    },
    bad_signature: async ({ image }) => media(await oneShot(image)),
});
