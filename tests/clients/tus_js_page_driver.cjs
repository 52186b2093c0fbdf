// tus-js-client in a real browser, on a page of another origin: each protocol that it speaks, whole, in pieces by POST alone, and
// resumed; and what the page may read afterwards. One JSON line on stdout: flow -> what the page saw.
'use strict';

const fs = require('node:fs');
const { chromium } = require('playwright-core');

const plan = JSON.parse(process.argv[2]);

// Runs in the page.
async function run({ plan, base64 }) {
    const { tus } = window;
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const file = new File([bytes], 'clip.mp4', { type: 'video/mp4', lastModified: 1_700_000_000_000 });
    const headers = plan.token ? { Authorization: `Bearer ${plan.token}` } : {};
    const metadata = { filename: file.name, filetype: file.type, media_category: 'tweet_video' };

    const upload = (options, each = () => {}) =>
        new Promise((resolve, reject) => {
            const seen = { requests: [] };
            const one = new tus.Upload(file, {
                headers,
                metadata,
                retryDelays: null,
                storeFingerprintForResuming: false,
                ...options,
                onAfterResponse: (request, response) => {
                    seen.requests.push(`${request.getMethod()} ${response.getStatus()}`);
                    seen.media_id = response.getHeader('Sluice-Media-Id') ?? seen.media_id;
                    seen.link = response.getHeader('Link') ?? seen.link;
                },
                onChunkComplete: () => each(one, resolve),
                onError: reject,
                onSuccess: () => resolve({ url: one.url, ...seen }),
            });
            if (options.previous) {
                one.resumeFromPreviousUpload(options.previous);
            }
            one.start();
        });

    async function resumed(options) {
        const stored = { ...options, storeFingerprintForResuming: true, removeFingerprintOnSuccess: true };
        await upload(stored, (one, stop) => one.abort().then(stop));
        const [previous] = await new tus.Upload(file, { ...stored, metadata }).findPreviousUploads();
        return upload({ ...stored, previous });
    }

    const get = (url) => fetch(url, { headers });
    // How it ended, as the page reads it.
    async function looked_at({ url, link, ...seen }) {
        const status = new URL(/<([^>]+)>; rel="status"/.exec(link)[1], url);
        const object = await (await get(status)).json();
        const v1 = await (await get(`${plan.server}/1.1/media/upload.json?command=STATUS&media_id=${seen.media_id}`)).json();
        const v2 = await (await get(`${plan.server}/2/media/upload?media_id=${seen.media_id}`)).json();
        const original = await get(`${plan.server}/files/${seen.media_id}`);
        const digest = await crypto.subtle.digest('SHA-256', await original.arrayBuffer());
        const unknown = await get(`${plan.server}/api/v1/uploads/12345`);
        return {
            ...seen,
            url,
            file_name: object.file_name,
            ids: [object.media_id, v1.media_id_string, v2.data.id],
            original: original.url,
            digest: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
            mistake: [unknown.status, unknown.headers.get('Sluice-Error')],
        };
    }

    const modes = {
        whole: (options) => upload(options),
        override: (options) => upload({ ...options, chunkSize: 100_000, overridePatchMethod: true }),
        resume: (options) => resumed({ ...options, chunkSize: 100_000 }),
    };
    const told = {};
    for (const [protocol, endpoint] of plan.protocols) {
        for (const mode of plan.modes) {
            const done = modes[mode]({ protocol, endpoint }).then(looked_at);
            told[`${protocol} ${mode}`] = await done.catch((error) => ({ error: String(error.message ?? error) }));
        }
    }
    return told;
}

(async () => {
    const browser = await chromium.launch({ executablePath: plan.chromium, args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'] });
    try {
        const page = await (await browser.newContext()).newPage();
        await page.goto(plan.page);
        await page.addScriptTag({ url: 'tus.min.js' });
        console.log(JSON.stringify(await page.evaluate(run, { plan, base64: fs.readFileSync(plan.file).toString('base64') })));
    } finally {
        await browser.close();
    }
})();
