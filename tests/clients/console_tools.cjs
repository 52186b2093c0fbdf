// What scenarios of the console share: the order that runs, a client of X's API beside the browser, and how files are dropped.
'use strict';

const fs = require('node:fs');

// {base, scenario, browser, …}: filled anew for each scenario.
const plan = {};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- a client of X's API beside the browser -------------------------------------------------------

const bearer = { Authorization: 'Bearer a-client-under-development' };
const api = () => plan.base + '/1.1/media/upload.json';

async function append(id, index, bytes) {
    const body = new FormData();
    body.append('command', 'APPEND');
    body.append('media_id', id);
    body.append('segment_index', String(index));
    body.append('media', new Blob([bytes]), 'clip.mp4');
    return fetch(api(), { method: 'POST', headers: bearer, body });
}

const finalize = (id) => fetch(api(), { method: 'POST', headers: bearer, body: new URLSearchParams({ command: 'FINALIZE', media_id: id }) });
const status = (id) => fetch(`${api()}?command=STATUS&media_id=${id}`, { headers: bearer });

async function openUpload(bytes, segments, sent = segments) {
    const form = new URLSearchParams({ command: 'INIT', total_bytes: bytes.length, media_type: 'video/mp4', media_category: 'tweet_video' });
    const made = await (await fetch(api(), { method: 'POST', headers: bearer, body: form })).json();
    const size = Math.ceil(bytes.length / segments);
    for (let index = 0; index < sent; ++index) {
        await append(made.media_id_string, index, bytes.subarray(index * size, (index + 1) * size));
    }
    return made.media_id_string;
}

// --- pages ----------------------------------------------------------------------------------------

// As a person drops it: the page gets the event, and the file from it.
async function drop(page, path, name) {
    const data = await page.evaluateHandle(
        ({ base64, called }) => {
            const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], called, { type: { png: 'image/png', mp4: 'video/mp4', ts: 'text/vnd.trolltech.linguist' }[called.split('.').pop()] ?? '' }));
            return transfer;
        },
        { base64: fs.readFileSync(path).toString('base64'), called: name },
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}

// As slow as a line of so many bytes a second.
async function slow(page, uploadThroughput) {
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    await wire.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
}

module.exports = { plan, sleep, bearer, api, append, finalize, status, openUpload, drop, slow };
