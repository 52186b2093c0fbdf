// Uppy in a real browser, on a page of another origin: a file on its way, the page loaded anew in the middle, and on from there.
// One JSON line on stdout: what the page and the wire saw.
'use strict';

const fs = require('node:fs');
const { chromium } = require('playwright-core');

const plan = JSON.parse(process.argv[2]);
const upload_speed = 400_000; // bytes a second

// What a developer writes after Uppy's documentation.
async function start(page) {
    await page.goto(plan.page);
    await page.evaluate(async ({ endpoint, golden }) => {
        const { Uppy, Tus, GoldenRetriever } = await import('./uppy.min.mjs');
        const seen = { restored: false, failed: null, result: null, progress: 0 };
        const uppy = new Uppy({ id: 'films', meta: { media_category: 'tweet_video' } }).use(Tus, { endpoint, retryDelays: [100, 500], limit: 2 });
        if (golden) {
            uppy.use(GoldenRetriever, { serviceWorker: false });
        }
        uppy.on('restored', () => (seen.restored = true));
        uppy.on('upload-error', (file, error) => (seen.failed = String(error.message)));
        uppy.on('upload-progress', (file, progress) => (seen.progress = progress.bytesUploaded / progress.bytesTotal));
        uppy.on('upload-success', (file, answer) => (seen.result = { name: file.name, url: answer.uploadURL }));
        Object.assign(window, { uppy, seen });
    }, plan);
}

const add = (page) =>
    page.evaluate((base64) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const file = new File([bytes], 'holiday.mp4', { type: 'video/mp4', lastModified: 1_700_000_000_000 });
        window.uppy.addFile({ name: file.name, type: file.type, data: file });
    }, fs.readFileSync(plan.file).toString('base64'));

async function run(page, calls) {
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    await wire.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: upload_speed });
    await start(page);
    await add(page);
    await page.evaluate(() => void window.uppy.upload());
    await page.waitForFunction(() => window.seen.progress > 0.35);
    const before = await page.evaluate(() => window.seen.progress);
    await page.waitForTimeout(700); // what is to be restored is written down a little later
    const first = calls.splice(0);
    await start(page);
    if (plan.golden) {
        await page.waitForFunction(() => window.seen.restored && window.uppy.getFiles().length === 1);
        await page.evaluate(() => void window.uppy.emit('restore-confirmed'));
    } else {
        await add(page); // chosen again by hand
    }
    await page.evaluate(() => void window.uppy.upload());
    await page.waitForFunction(() => window.seen.result || window.seen.failed);
    return { before, first, second: calls.splice(0), ...(await page.evaluate(() => window.seen)) };
}

(async () => {
    const browser = await chromium.launch({ executablePath: plan.chromium, args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'] });
    try {
        const page = await (await browser.newContext()).newPage();
        page.setDefaultTimeout(40_000);
        const calls = [];
        page.on('response', (answer) => {
            const request = answer.request();
            if (answer.url().startsWith(plan.endpoint) && request.method() !== 'OPTIONS') {
                calls.push({ method: request.method(), status: answer.status(), offset: Number(request.headers()['upload-offset'] ?? -1) });
            }
        });
        console.log(JSON.stringify(await run(page, calls)));
    } finally {
        await browser.close();
    }
})();
