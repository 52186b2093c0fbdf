// The console in a real browser: each line of stdin is the order of a scenario, each line of stdout what it saw, in a context of
// its own; the test judges. One browser for all of them.
'use strict';

const fs = require('node:fs');
const crypto = require('node:crypto');
const readline = require('node:readline');
const { chromium } = require('playwright-core');
const { plan, sleep, bearer, api, append, finalize, status, openUpload, drop, slow } = require('./console_tools.cjs');

const verdict = (page) => page.locator('.verdict h2').textContent();

const scenarios = {
    async drop_with_reload(page) {
        await slow(page, 6e6);
        await page.goto(plan.base + '/');
        await page.getByText('Drop files').waitFor();
        await drop(page, plan.file, 'holiday.mp4');
        await drop(page, plan.picture, 'beside.png');
        const bar = page.getByRole('progressbar', { name: 'holiday.mp4 sent' });
        await page.waitForFunction((element) => Number(element.getAttribute('aria-valuenow')) >= 20, await bar.elementHandle());
        await page.reload();
        const before = Number(await bar.getAttribute('aria-valuenow'));
        await page.getByRole('button', { name: 'Pause holiday.mp4' }).click();
        await page.getByText('paused').waitFor();
        let sent_while_paused = 0;
        const count = (request) => (sent_while_paused += request.url().endsWith('/append') ? 1 : 0);
        page.on('request', count);
        await sleep(800);
        page.off('request', count);
        await page.getByRole('button', { name: 'Resume holiday.mp4' }).click();
        await page.getByRole('button', { name: 'Take holiday.mp4 off this list' }).waitFor();
        const href = await page.locator('.sending', { hasText: 'holiday.mp4' }).locator('a').first().getAttribute('href');
        const id = href.split('/').pop();
        await page.getByText('Ready').first().waitFor({ timeout: 60_000 });
        const original = await fetch(`${plan.base}/media/7_${id}/original`);
        const digest = crypto.createHash('sha256').update(Buffer.from(await original.arrayBuffer())).digest('hex');
        const rows = await page.locator('table.uploads tbody tr').count();
        return { id, digest, before, sent_while_paused, rows, name: await page.locator('table.uploads', { hasText: 'holiday.mp4' }).count() };
    },

    // What the page asks for is refused or cut once, each at its turn.
    async patient(page) {
        const failed = [];
        for (const [what, how] of [['initialize', 'refuse'], ['append', 'cut'], ['finalize', 'cut']]) {
            await page.route(`**/2/media/upload/**${what}`, async (route) => {
                if (failed.includes(what)) {
                    return route.continue();
                }
                failed.push(what);
                return how === 'cut' ? route.abort('connectionreset') : route.fulfill({ status: 503, contentType: 'application/json', body: '{}' });
            });
        }
        await page.goto(plan.base + '/');
        await drop(page, plan.file, 'patient.mp4');
        await page.getByRole('button', { name: 'Take patient.mp4 off this list' }).waitFor();
        return { failed, wrong: await page.locator('.sending .wrong').count() };
    },

    async sent_and_refused(page) {
        await page.goto(plan.base + '/');
        await page.getByText('Drop files').waitFor();
        for (const name of ['one.png', 'two.png', 'three.ts', 'four.bin']) {
            await drop(page, name.endsWith('.png') ? plan.picture : plan.file, name);
        }
        for (const name of ['one.png', 'two.png', 'three.ts']) {
            await page.getByRole('button', { name: `Take ${name} off this list` }).waitFor();
        }
        const refused = page.locator('.sending', { hasText: 'four.bin' });
        await refused.locator('.wrong').waitFor();
        const seen = { told: await refused.locator('.wrong').innerText(), actions: await refused.locator('.actions button').allInnerTexts() };
        await page.getByRole('button', { name: 'Clear sent' }).click();
        return { ...seen, left: await page.locator('.sending').count() };
    },

    async changed_on_disk(page) {
        await slow(page, 4e6);
        await page.goto(plan.base + '/');
        await page.setInputFiles('input[type=file]', plan.file);
        await page.waitForFunction(() => Number(document.querySelector('.sending [role=progressbar]')?.getAttribute('aria-valuenow')) >= 10);
        fs.appendFileSync(plan.file, 'more');
        await page.locator('.sending .wrong').waitFor();
        return { told: await page.locator('.sending .wrong').innerText() };
    },

    // One page at a time sends an upload; another one goes on by itself when that one is closed.
    async two_tabs(page) {
        await slow(page, 4e6);
        await page.goto(plan.base + '/');
        await page.getByText('Drop files').waitFor();
        await drop(page, plan.file, 'shared.mp4');
        const bar = page.getByRole('progressbar', { name: 'shared.mp4 sent' });
        await page.waitForFunction((element) => Number(element.getAttribute('aria-valuenow')) >= 20, await bar.elementHandle());
        const other = await page.context().newPage();
        await other.goto(plan.base + '/');
        await other.locator('table.uploads', { hasText: 'shared.mp4' }).waitFor();
        const shown = await other.locator('.sending').count();
        await page.close();
        await other.getByRole('button', { name: 'Take shared.mp4 off this list' }).waitFor();
        const href = await other.locator('.sending a').first().getAttribute('href');
        const id = href.split('/').pop();
        const original = await fetch(`${plan.base}/media/7_${id}/original`);
        const events = await (await fetch(`${plan.base}/api/v1/uploads/${id}/timeline?owner=all`, { headers: { 'Sluice-Owner': 'anonymous' } })).json();
        const appends = events.data.filter((event) => event.call === 'APPEND' && !event.code);
        return { shown, digest: crypto.createHash('sha256').update(Buffer.from(await original.arrayBuffer())).digest('hex'), appends: appends.reduce((sum, event) => sum + event.count, 0) };
    },

    async keyboard(page) {
        const focused = () => page.evaluate(() => document.activeElement.getAttribute('href'));
        const seen = {};
        for (const [path, name] of [['/', 'uploads'], ['/requests', 'requests']]) {
            await page.goto(plan.base + path);
            await page.locator('table.list .name').nth(1).waitFor();
            const hrefs = await page.locator('table.list .name').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
            await page.keyboard.press('j');
            await page.keyboard.press('j');
            const second = await focused();
            await page.keyboard.press('k');
            seen[name] = [second === hrefs[1], (await focused()) === hrefs[0]];
            await page.keyboard.press('Enter');
            await page.waitForURL(plan.base + hrefs[0]);
        }
        await page.goto(`${plan.base}/u/${plan.id}`);
        await page.getByRole('slider').focus();
        await page.keyboard.press('End');
        seen.last = await page.getByRole('slider').getAttribute('aria-valuetext');
        await page.keyboard.press('ArrowLeft');
        seen.before = await page.getByRole('slider').getAttribute('aria-valuetext');
        await page.keyboard.press('?');
        await page.getByLabel('Keys without Ctrl or Alt act').uncheck();
        await page.keyboard.press('Escape');
        await page.goto(plan.base + '/');
        await page.locator('table.list .name').first().waitFor();
        await page.keyboard.press('j');
        await page.keyboard.press('?');
        seen.off = [await focused(), await page.locator('dialog').count()];
        return seen;
    },

    async forgotten_finalize(page) {
        const film = fs.readFileSync(plan.file);
        const id = await openUpload(film, 4, 3);
        await page.goto(`${plan.base}/u/${id}`);
        await page.locator('.verdict').waitFor();
        const at_first = await verdict(page);
        await append(id, 3, film.subarray(Math.ceil(film.length / 4) * 3));
        for (let asked = 0; asked < 3; ++asked) {
            await status(id);
        }
        await page.getByRole('heading', { name: 'FINALIZE is missing' }).waitFor();
        const next = await page.locator('.verdict .command pre').textContent();
        const list = await page.context().newPage();
        await list.goto(plan.base + '/');
        await list.getByText('finalize_missing').waitFor();
        await finalize(id);
        await page.getByRole('heading', { name: 'Nothing is wrong' }).waitFor({ timeout: 60_000 });
        const row = list.locator('tr', { has: list.locator(`a[href="/u/${id}"]`) });
        await row.getByText('Ready').waitFor();
        return { at_first, next, id, wrong_when_ready: await row.locator('.wrong').count() };
    },

    async play(page) {
        await page.goto(`${plan.base}/u/${plan.id}`);
        const seen = {};
        await page.locator('video').waitFor();
        for (const name of ['MP4', 'HLS']) {
            await page.getByRole('group', { name: 'Rendition' }).getByRole('button', { name }).first().click();
            await sleep(300);
            await page.evaluate(() => document.querySelector('video').play());
            await page.waitForFunction(() => document.querySelector('video').currentTime > 0.5, undefined, { timeout: 20_000 });
            seen[name] = await page.evaluate(() => [document.querySelector('video').videoWidth, document.querySelector('video').duration]);
        }
        await page.locator('.storyboard .strip').hover();
        seen.probed = await page.locator('.facts', { hasText: 'Found in the bytes' }).textContent();
        seen.storyboard = await page.locator('.storyboard .picture').count();
        const strip = await page.locator('.storyboard .strip').boundingBox();
        await page.evaluate(() => document.querySelector('video').pause());
        await page.mouse.click(strip.x + strip.width - 3, strip.y + strip.height / 2);
        seen.sought = await page.evaluate(() => document.querySelector('video').currentTime);
        return seen;
    },

    async replay(page) {
        const id = await openUpload(fs.readFileSync(plan.file), 2);
        const answer = await status(id);
        await page.goto(`${plan.base}/requests?failing=1`);
        await page.locator(`a[href="/requests/${answer.headers.get('x-request-id')}"]`).click();
        await page.getByText('Refused as').waitFor();
        await page.getByRole('button', { name: 'As curl' }).click();
        const curl = await page.locator('.command pre').first().textContent();
        await page.getByRole('button', { name: 'Send again' }).click();
        const link = page.getByText('See the new exchange');
        await link.waitFor();
        const told = await page.locator('.replay [role=status] .badge').textContent();
        await finalize(id);
        await page.getByRole('button', { name: 'Send again' }).click();
        await page.locator('.replay .badge', { hasText: '200' }).waitFor();
        await page.getByRole('button', { name: /Compare/ }).click();
        await page.getByText('The last good one').or(page.getByText('the last good one')).first().waitFor();
        await link.click();
        await page.getByRole('heading', { name: 'Answer' }).waitFor();
        return { told, curl, media_id: id, address: page.url() };
    },

    // Each as it was, in the same form: the answer is of the same kind.
    async replay_as_it_was(page) {
        const told = [];
        for (const id of plan.ids) {
            await page.goto(`${plan.base}/requests/${id}`);
            await page.getByRole('button', { name: 'Send again' }).click();
            await page.getByText('See the new exchange').click();
            await page.getByRole('heading', { name: 'Answer' }).waitFor();
            await page.waitForURL((url) => !url.pathname.endsWith(id));
            const again = await (await fetch(`${plan.base}/api/v1/requests/${page.url().split('/').pop()}`)).json();
            const first = await (await fetch(`${plan.base}/api/v1/requests/${id}`)).json();
            const parts = (one) => one.request.parts.map((part) => [part.name, part.place, part.text]);
            told.push({ path: first.path, statuses: [first.status, again.status], same: JSON.stringify(parts(first)) === JSON.stringify(parts(again)) });
        }
        return { told };
    },

    async filtered(page) {
        const film = fs.readFileSync(plan.file);
        const id = await openUpload(film, 1, 0);
        const open = await page.context().newPage();
        await open.goto(plan.base + '/?state=open');
        await open.locator(`a[href="/u/${id}"]`).waitFor();
        await page.goto(plan.base + '/?state=ready');
        await page.locator('.line.up').waitFor();
        await append(id, 0, film);
        await finalize(id);
        await page.locator(`a[href="/u/${id}"]`).waitFor({ timeout: 60_000 });
        await open.locator(`a[href="/u/${id}"]`).waitFor({ state: 'detached' });
        return {};
    },

    // A link that is dragged about the page stays what it is: the page stays where it is.
    async dragged_link(page) {
        await page.goto(`${plan.base}/u/${plan.id}`);
        await page.getByRole('link', { name: 'Its requests' }).dragTo(page.locator('h1'));
        await page.getByText('Found in the bytes').waitFor();
        return { address: page.url(), dropping: await page.locator('body.dropping').count() };
    },

    async still_under_the_pointer(page) {
        const first = await openUpload(Buffer.alloc(100), 1, 0);
        await page.goto(plan.base + '/');
        const row = page.locator(`a[href="/u/${first}"]`);
        await row.hover();
        await page.locator('.line.up').waitFor();
        const before = (await row.boundingBox()).y;
        await openUpload(Buffer.alloc(100), 1, 0);
        await page.locator('.fresh button').waitFor();
        const during = (await row.boundingBox()).y;
        await page.mouse.move(5, 5);
        await page.waitForFunction(({ href, y }) => document.querySelector(`a[href="${href}"]`).getBoundingClientRect().y > y + 10, { href: `/u/${first}`, y: before });
        return { moved: during - before };
    },

    // Nobody clicks: the line of events breaks with the key, and the page asks why.
    async key_revoked(page) {
        const enter = async (token) => {
            await page.getByLabel('Bearer token of a key').fill(token);
            await page.getByRole('button', { name: 'Sign in' }).click();
            await page.locator('.line.up').waitFor();
        };
        await page.goto(plan.base + '/requests');
        await enter(plan.token);
        const answer = await fetch(`${plan.base}/api/v1/keys/${plan.key}/revoke`, { method: 'POST', headers: { Authorization: `Bearer ${plan.admin}` } });
        await page.getByText('The session has ended').waitFor();
        await enter(plan.other);
        return { revoked: answer.status, address: page.url(), heading: await page.locator('h1').innerText() };
    },

    async hostile(page) {
        const dialogs = [];
        page.on('dialog', (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
        await page.goto(plan.base + '/');
        await page.locator('table.uploads').waitFor();
        const list = await page.locator('table.uploads').innerText();
        await page.goto(`${plan.base}/u/${plan.id}`);
        await page.locator('h1').waitFor();
        await sleep(500);
        const title = await page.locator('h1').innerText();
        await page.goto(`${plan.base}/u/${plan.blank}`);
        await page.locator('.verdict').waitFor();
        const blank = await page.locator('h1').innerText();
        const exchanges = [];
        for (const id of plan.requests) {
            await page.goto(`${plan.base}/requests/${id}`);
            await page.getByRole('heading', { name: 'Answer' }).waitFor();
            await sleep(300);
            exchanges.push(await page.locator('main').innerText());
        }
        return { list, title, blank, exchanges, dialogs, markup: await page.locator('main img, main script, main iframe').count(), hacked: await page.evaluate(() => window.hacked === true) };
    },

    async many(page) {
        const began = Date.now();
        await page.goto(plan.base + '/');
        await page.locator('table.uploads tbody tr').first().waitFor();
        const first_ms = Date.now() - began;
        const rows = await page.locator('table.uploads tbody tr').count();
        await page.getByRole('link', { name: 'Older' }).click();
        await page.waitForURL(/after=/);
        await page.locator('table.uploads tbody tr').first().waitFor();
        const search = Date.now();
        await page.locator('[data-search]').fill(plan.last);
        await page.locator(`a[href="/u/${plan.last}"]`).waitFor();
        await page.waitForURL(/q=/);
        return { first_ms, rows, search_ms: Date.now() - search, found: await page.locator('table.uploads tbody tr').count() };
    },

    async segments(page) {
        const began = Date.now();
        await page.goto(`${plan.base}/u/${plan.id}`);
        await page.locator('.cells').waitFor();
        return { ms: Date.now() - began, cells: await page.locator('.cells .cell').count(), missing: await page.locator('.cells .missing').count(), told: await page.locator('.cells').getAttribute('aria-label') };
    },

    async deleted(page) {
        const id = await openUpload(Buffer.alloc(1000), 1);
        await page.goto(`${plan.base}/u/${id}`);
        await page.locator('.verdict').waitFor();
        await fetch(`${plan.base}/api/v1/uploads/${id}`, { method: 'DELETE', headers: bearer });
        await page.getByText(/Cancelled|No such upload/).first().waitFor();
        const told = await page.locator('main').innerText();
        await page.reload();
        await page.locator('h1').waitFor();
        return { told };
    },

    async signs_in(page) {
        await page.goto(plan.link);
        await page.getByText('Drop files').waitFor();
        const cookie = (await page.context().cookies()).find((one) => one.name === 'sluice_session');
        const address = page.url();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByLabel('Bearer token of a key').fill(plan.token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.locator('table.uploads').waitFor();
        const names = await page.locator('table.uploads .name').allInnerTexts();
        const screens = await page.locator('.side nav a').allInnerTexts();
        await page.getByRole('link', { name: 'Requests' }).click();
        await page.locator('table.requests .name').last().click();
        await page.getByRole('heading', { name: 'Answer' }).waitFor();
        const exchange = await page.locator('main').innerText();
        await page.goto(plan.base + '/keys');
        const keys = await page.locator('main .empty').innerText();
        await page.context().clearCookies();
        // A call of the page itself may learn it first; the links are gone then.
        const ended = page.getByText('The session has ended').waitFor();
        await Promise.race([ended, page.getByRole('link', { name: 'Requests' }).click({ noWaitAfter: true }).catch(() => undefined)]);
        await ended;
        await page.goto(plan.link);
        await page.getByRole('alert').waitFor();
        const again = await page.getByRole('alert').innerText();
        await page.getByLabel('Bearer token of a key').fill(plan.token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.locator('table.uploads').waitFor();
        // Who is signed in already is told the same, and goes on.
        await page.goto(plan.base + '/login#used');
        await page.getByRole('alert').waitFor();
        await page.getByRole('button', { name: 'Go on as before' }).click();
        await page.locator('table.uploads').waitFor();
        return { cookie, address, names, screens, exchange, keys, again };
    },
};

const all = { ...scenarios, ...require('./console_axe.cjs'), ...require('./console_line.cjs'), ...require('./console_screens.cjs') };
// A name whose page is not of a secure context: without locks, clipboard and random ids, as on another machine of one's network.
const plainHost = 'sluice.test';
const launch = ['--no-sandbox', '--disable-gpu', '--no-proxy-server', '--autoplay-policy=no-user-gesture-required', `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`];
const patience = 30_000;
let browser;

// Where each page stood when a scenario broke off.
async function shown(contexts) {
    const pages = contexts.flatMap((context) => context.pages());
    const texts = pages.map(async (page) => `${page.url()}\n${await page.evaluate(() => document.body.innerText.slice(0, 1000))}`);
    return (await Promise.allSettled(texts)).map(({ value, reason }) => value ?? String(reason)).join('\n---\n');
}

async function perform(order) {
    Object.keys(plan).forEach((key) => delete plan[key]);
    if (!browser?.isConnected()) {
        browser = await chromium.launch({ executablePath: order.chromium, args: launch });
    }
    const opened = [];
    const newContext = async (options) => {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
        context.setDefaultTimeout(patience);
        opened.push(context);
        return context;
    };
    Object.assign(plan, order, { newContext, plainBase: order.base.replace('127.0.0.1', plainHost) });
    try {
        const page = await (await newContext()).newPage();
        const errors = [];
        page.on('pageerror', (error) => errors.push(error.message));
        page.on('console', (message) => /Content Security|Refused to/.test(message.text()) && errors.push(message.text()));
        const seen = await all[order.scenario](page);
        return { ...seen, errors };
    } catch (error) {
        return { broke: `${error.stack ?? error}\n\n${await shown(opened)}` };
    } finally {
        await Promise.allSettled(opened.map((context) => context.close()));
    }
}

(async () => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const told = await perform(JSON.parse(line)).catch((error) => ({ broke: String(error.stack ?? error) }));
        console.log(JSON.stringify(told));
    }
    await browser?.close();
})();
