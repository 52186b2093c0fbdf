// What stands where on the screens, and what their buttons do.
'use strict';

const { plan, bearer, api, openUpload, append, finalize, status } = require('./console_tools.cjs');

const boxes = (locator) => locator.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));

// An upload with a long story: a segment beyond what X takes, one again with other bytes, two that are missing, STATUS, FINALIZE.
async function troubled() {
    const id = await openUpload(Buffer.alloc(500_000), 5, 1);
    await append(id, 2, Buffer.alloc(100_000));
    await append(id, 1200, Buffer.alloc(10));
    await append(id, 0, Buffer.alloc(100_000, 1));
    await status(id);
    await finalize(id);
    return id;
}

module.exports = {
    // What was wrong with a call stands below it, two lines of it until somebody wants more.
    async facts_below_their_call(page) {
        await page.goto(`${plan.base}/u/${await troubled()}`);
        const refused = page.locator('.timeline li.refused');
        await refused.filter({ hasText: 'segment_missing' }).waitFor();
        const [calls, facts] = [await boxes(refused.locator('.call')), await boxes(refused.locator('.facts-of p'))];
        const long = refused.filter({ has: page.locator('.facts-of button') }).last();
        const height = async () => (await boxes(long.locator('.facts-of p')))[0].height;
        const line = await long.locator('.facts-of p').evaluate((one) => parseFloat(getComputedStyle(one).lineHeight));
        const clamped = await height();
        await long.getByRole('button', { name: 'More' }).click();
        const whole = await height();
        await long.getByRole('button', { name: 'Less' }).click();
        return { calls, facts, lines: [clamped, whole, await height()].map((one) => Math.round(one / line)) };
    },

    // Each thing that is wrong has its own next call beside it.
    async each_verdict_has_its_call(page) {
        const id = await troubled();
        await page.goto(`${plan.base}/u/${id}`);
        await page.locator('.verdict summary').click();
        const told = await page.locator('.verdict details li').evaluateAll((all) =>
            all.map((one) => ({ code: one.querySelector('code')?.textContent, call: one.querySelector('.command pre')?.textContent ?? '' })),
        );
        return { id, told, first: await page.locator('.verdict > div > .command').count(), heading: await page.locator('.verdict h2').innerText() };
    },

    // Addresses that lead nowhere say so, whether the server is asked or the page itself goes there; odd ones break nothing.
    async nowhere(page) {
        const seen = {};
        for (const path of ['/no/such/screen', '/u/12%3Cb%3E', '/requests/', '/jobs//']) {
            await page.goto(plan.base + path);
            await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton'));
            seen[path] = await page.locator('h1').first().innerText();
        }
        for (const path of ['/no/such/%3Cb%3Escreen', '/u/%E0%A4%A', '/requests/%E0%A4%A']) {
            await page.evaluate((to) => {
                history.pushState(null, '', to);
                dispatchEvent(new PopStateEvent('popstate'));
            }, path);
            await page.locator('.gone h1').waitFor();
            await page.getByText(decodeURIComponent(path.replace('%E0%A4%A', '%25E0%25A4%25A')).split('/').pop()).waitFor();
            seen[path] = await page.locator('main').innerText();
        }
        await page.goBack();
        await page.goBack();
        await page.getByRole('link', { name: 'All uploads' }).click();
        await page.getByText('Drop files').waitFor();
        return { seen };
    },

    // A list that somebody paused counts what comes, and has it when it goes on.
    async paused_list(page) {
        await page.goto(plan.base + '/requests');
        await page.locator('.line.up').waitFor();
        await page.locator('table.requests').waitFor();
        await page.getByRole('button', { name: 'Pause' }).click();
        const before = await page.locator('table.requests a.name').first().getAttribute('href');
        const answer = await status('4711');
        await page.locator('.fresh button', { hasText: 'new request' }).waitFor();
        const during = await page.locator('table.requests a.name').first().getAttribute('href');
        await page.getByRole('button', { name: 'Go on' }).click();
        await page.locator(`a[href="/requests/${answer.headers.get('x-request-id')}"]`).waitFor();
        return { before, during, fresh: await page.locator('.fresh button').count(), paused: await page.getByRole('button', { name: 'Pause' }).count() };
    },

    async settings(page) {
        await page.goto(plan.base + '/system');
        await page.getByRole('heading', { name: 'Settings' }).waitFor();
        const rows = () => page.getByRole('region', { name: 'Settings' }).locator('tbody tr').evaluateAll((all) =>
            all.map((row) => [...row.querySelectorAll('code, small, td')].map((cell) => cell.textContent)),
        );
        const given = await rows();
        await page.getByRole('button', { name: /^All \d+ settings$/ }).click();
        const told = await (await fetch(plan.base + '/api/v1/system')).json();
        return { given, all: await rows(), told: told.settings.map((one) => [one.key, one.help, one.value, one.origin]) };
    },

    // What stands in the address is shown, also when one comes back to it.
    async address(page) {
        await page.goto(`${plan.base}/?q=${plan.id}`);
        await page.locator(`a[href="/u/${plan.id}"]`).waitFor();
        const rows = await page.locator('table.uploads tbody tr').count();
        await page.getByRole('button', { name: 'Failed', exact: true }).click();
        await page.getByText('Nothing matches').waitFor();
        const filtered = new URL(page.url()).search;
        await page.reload();
        await page.getByText('Nothing matches').waitFor();
        const pressed = await page.getByRole('button', { name: 'Failed', exact: true }).getAttribute('aria-pressed');
        await page.getByRole('button', { name: 'Show all uploads' }).click();
        await page.locator(`a[href="/u/${plan.id}"]`).click();
        await page.locator('.verdict').waitFor();
        await page.goBack();
        await page.locator('table.uploads').waitFor();
        return { rows, filtered, pressed, address: new URL(page.url()).search };
    },

    // Pasted, kept, deleted after a question.
    async pasted_kept_deleted(page) {
        await page.goto(plan.base + '/jobs');
        await page.getByRole('heading', { name: 'Queue' }).waitFor();
        await page.evaluate((base64) => {
            const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], 'pasted.png', { type: 'image/png' }));
            document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
        }, plan.picture);
        await page.getByRole('button', { name: 'Take pasted.png off this list' }).waitFor();
        await page.locator('.sending a').first().click();
        await page.getByRole('button', { name: 'Keep' }).click();
        await page.getByText('never: it was kept').waitFor();
        const keeps = await page.getByRole('button', { name: 'Keep' }).count();
        const loaded = page.waitForEvent('download');
        await page.getByRole('button', { name: 'Original' }).click();
        const name = (await loaded).suggestedFilename();
        const remove = page.getByRole('button', { name: 'Delete' });
        await remove.click();
        await page.getByRole('button', { name: 'Keep it' }).click();
        await remove.click();
        await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
        await page.waitForURL(plan.base + '/');
        return { keeps, name, left: await page.locator('table.uploads', { hasText: 'pasted.png' }).count() };
    },

    async faults(page) {
        await page.goto(plan.base + '/faults');
        await page.getByText('Fair weather.').waitFor();
        await page.getByLabel('What').selectOption('over_capacity');
        await page.getByLabel('Where').selectOption('init');
        await page.getByLabel('Percent').fill('100');
        await page.getByRole('button', { name: 'Add' }).click();
        await page.getByText('100 % of init').waitFor();
        const form = new URLSearchParams({ command: 'INIT', total_bytes: '100', media_type: 'video/mp4' });
        const init = async () => (await fetch(api(), { method: 'POST', headers: bearer, body: form })).status;
        const struck = await init();
        await page.getByText('1 call struck').waitFor();
        await page.getByRole('button', { name: 'End all' }).click();
        await page.getByText('Fair weather.').waitFor();
        return { struck, after: await init() };
    },

    // A secret is shown once; what was revoked is refused.
    async keys(page) {
        await page.goto(plan.base + '/keys');
        await page.getByLabel('Name').fill('of the test');
        await page.getByRole('button', { name: 'Create key' }).click();
        await page.getByText('They are shown once.').waitFor();
        const token = await page.locator('.secret dd code').first().innerText();
        await page.getByRole('button', { name: 'I have them' }).click();
        const hidden = (await page.locator('main').innerText()).includes(token);
        const row = page.locator('tr', { hasText: 'of the test' });
        await row.getByRole('button', { name: 'Revoke' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
        await row.getByText('revoked').waitFor();
        return { length: token.length, hidden, buttons: await row.getByRole('button').count() };
    },

    // Those in docs/, for scripts/pictures.
    async pictures(page) {
        for (const [name, path, height] of [['console-uploads.png', '/', 590], ['console-upload.png', `/u/${plan.id}`, 940]]) {
            await page.setViewportSize({ width: 1280, height });
            await page.goto(plan.base + path);
            await page.locator('.line.up').waitFor();
            await page.locator('.verdict, .wrong code').first().waitFor();
            await page.screenshot({ path: `${plan.folder}/${name}` });
        }
        return {};
    },

    // What a screen reader is told, once each.
    async announced(page) {
        await page.goto(plan.base + '/');
        await page.locator('.line.up').waitFor();
        await page.evaluate(() => {
            window.told = [];
            new MutationObserver((changes) => changes.forEach(({ target }) => target.textContent && window.told.push(target.textContent))).observe(document.querySelector('[aria-live=polite]'), { childList: true });
        });
        await page.setInputFiles('input[type=file]', plan.file);
        await page.locator('table.uploads tr', { hasText: plan.name }).getByText('Failed').waitFor({ timeout: 60_000 });
        await page.locator(`.sending a`).first().click();
        for (let times = 0; times < 2; ++times) {
            await page.getByRole('button', { name: 'Copy id' }).click();
            await page.getByRole('button', { name: 'Copied' }).waitFor();
            await page.getByRole('button', { name: 'Copy id' }).waitFor();
        }
        return { told: await page.evaluate(() => window.told) };
    },
};
