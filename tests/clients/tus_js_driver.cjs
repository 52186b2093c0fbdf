// Drives tus-js-client as its documentation shows it; see harness.cjs for what is printed.
'use strict';

const fs = require('node:fs');
const { PassThrough } = require('node:stream');
const tus = require('tus-js-client');
const { run, credentials } = require('./harness.cjs');

const metadata = { filename: 'clip.mp4', filetype: 'video/mp4', media_category: 'tweet_video' };
const usual = { endpoint: credentials.endpoint, retryDelays: [0, 100, 200, 400], metadata };
const chunkSize = 50_000;

// What the user gets: the URL, and where the first byte of this attempt stood.
function upload(source, options, each = () => {}) {
    return new Promise((resolve, reject) => {
        const seen = { requests: [], first: null };
        const one = new tus.Upload(source, {
            ...usual,
            ...options,
            onAfterResponse: (request, response) => {
                seen.requests.push(`${request.getMethod()} ${response.getStatus()}`);
                seen.media_id = response.getHeader('Sluice-Media-Id') || seen.media_id;
                seen.status_link = response.getHeader('Link') || seen.status_link;
            },
            onProgress: (sent) => (seen.first = seen.first ?? sent),
            onError: reject,
            onSuccess: () => resolve({ url: one.url, ...seen }),
            onChunkComplete: (size, accepted, total) => each(one, accepted, total, resolve),
        });
        if (options.previous) {
            one.resumeFromPreviousUpload(options.previous);
        }
        one.start();
    });
}

const file = (path) => fs.createReadStream(path);

// Stops when some bytes are sent and the URL is stored, forgets all else, and goes on.
async function resumed(path, options, source = file) {
    const urlStorage = new tus.FileUrlStorage(`${path}.${options.protocol || 'tus'}.${options.parallelUploads || 1}.urls`);
    const stored = { chunkSize, urlStorage, ...options };
    await upload(source(path), stored, async (one, accepted, total, stop) => {
        if ((await urlStorage.findAllUploads()).length > 0) {
            await one.abort();
            stop();
        }
    });
    const [previous] = await new tus.Upload(source(path), { ...usual, ...stored }).findPreviousUploads();
    return upload(source(path), { ...stored, previous });
}

// In Node a file in pieces never says that it is complete (4.3.1 compares the piece with the whole); bytes in memory do.
const bytes = (path) => fs.readFileSync(path);
const draft = (protocol) => ({ protocol, endpoint: credentials.rufh, headers: {} });

run({
    whole: (files) => upload(file(files.video), {}),
    chunks: (files) => upload(file(files.video), { chunkSize }),
    a_buffer: (files) => upload(fs.readFileSync(files.video), { chunkSize }),
    with_creation: (files) => upload(file(files.video), { uploadDataDuringCreation: true }),
    with_creation_in_chunks: (files) => upload(file(files.video), { uploadDataDuringCreation: true, chunkSize }),
    resume: (files) => resumed(files.video, {}),
    parallel: (files) => upload(file(files.video), { parallelUploads: 4, chunkSize }),
    parallel_resume: (files) => resumed(files.video, { parallelUploads: 3 }),
    deferred_length: (files) => upload(file(files.video).pipe(new PassThrough()), { uploadLengthDeferred: true, chunkSize }),
    override: (files) => upload(file(files.video), { overridePatchMethod: true, chunkSize }),
    empty: (files) => upload(Buffer.alloc(0), {}),
    broken_line: (files) => upload(file(files.video), { endpoint: credentials.broken }),
    broken_line_with_creation: (files) => upload(file(files.video), { endpoint: credentials.broken, uploadDataDuringCreation: true, chunkSize }),

    async terminate(files) {
        let url;
        await upload(file(files.video), { chunkSize }, (one, accepted, total, stop) => {
            url = one.url;
            one.abort(true).then(stop);
        });
        return { url, status: (await fetch(url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } })).status };
    },
    // The stored URL is of no use any more: the client begins again by itself.
    async forgotten(files) {
        const storage = new tus.FileUrlStorage(`${files.video}.gone.urls`);
        const stored = { chunkSize, urlStorage: storage };
        await upload(file(files.video), stored, (one, accepted, total, stop) => one.abort().then(stop));
        const [previous] = await new tus.Upload(file(files.video), { ...usual, ...stored }).findPreviousUploads();
        await tus.Upload.terminate(previous.uploadUrl);
        return { before: previous.uploadUrl, ...(await upload(file(files.video), { ...stored, previous })) };
    },

    too_large: (files) => upload(file(files.large), {}),
    wrong_category: (files) => upload(file(files.video), { metadata: { ...metadata, media_category: 'tweet-video' } }),
    bad_metadata: (files) => upload(file(files.video), { metadata: {}, headers: { 'Upload-Metadata': 'filename ###' } }),

    draft_03: (files) => upload(bytes(files.video), draft('ietf-draft-03')),
    draft_03_in_chunks: (files) => upload(bytes(files.video), { ...draft('ietf-draft-03'), chunkSize }),
    draft_03_with_creation: (files) => upload(bytes(files.video), { ...draft('ietf-draft-03'), uploadDataDuringCreation: true }),
    draft_03_resume: (files) => resumed(files.video, draft('ietf-draft-03'), bytes),
    draft_05: (files) => upload(bytes(files.video), draft('ietf-draft-05')),
    draft_05_in_chunks: (files) => upload(bytes(files.video), { ...draft('ietf-draft-05'), chunkSize }),
    draft_05_with_creation: (files) => upload(bytes(files.video), { ...draft('ietf-draft-05'), uploadDataDuringCreation: true }),
    draft_05_resume: (files) => resumed(files.video, draft('ietf-draft-05'), bytes),
});
