// The line of live events: one for all tabs, given from one to the next, taken up again, and where a page has no locks.
'use strict';

const { plan, sleep, openUpload, drop } = require('./console_tools.cjs');

// How many lines were opened so far.
function countLines(page) {
    const lines = { count: 0, ended: 0 };
    const isLine = (request) => request.url().includes('/api/v1/events');
    page.context().on('request', (request) => (lines.count += isLine(request) ? 1 : 0));
    page.context().on('requestfailed', (request) => (lines.ended += isLine(request) ? 1 : 0));
    return lines;
}

const isLive = (tab) => tab.locator('.line.up').waitFor();

async function seenBy(...tabs) {
    const id = await openUpload(Buffer.alloc(100), 1, 0);
    await Promise.all(tabs.map((tab) => tab.locator(`a[href="/u/${id}"]`).waitFor()));
}

module.exports = {
    // More tabs than a browser has connections for a server: all are live, and stay so when the one that has the line goes.
    async many_tabs(page) {
        const tabs = [page];
        const lines = countLines(page);
        while (tabs.length < plan.tabs) {
            tabs.push(await page.context().newPage());
        }
        for (const tab of tabs) {
            await tab.goto(plan.base + '/');
            await isLive(tab);
        }
        const lines_at_first = lines.count;
        await seenBy(...tabs);
        await tabs.shift().close();
        await seenBy(...tabs);
        return { lines_at_first, lines: lines.count };
    },

    // Another tab has the line and says nothing, as one that the browser froze: this one waits for a minute after its last sign,
    // then takes the line. When it is taken from this one in turn, it waits until it is free.
    async silent_tab(page) {
        const lines = countLines(page);
        const silent = await page.context().newPage();
        await silent.goto(plan.base + '/docs');
        await silent.evaluate(() => {
            window.hold = (how) =>
                navigator.locks.request('sluice live', how, () => new Promise((resolve) => (window.letGo = resolve))).catch((error) => (window.lost = error.name));
            void window.hold({});
        });
        await page.clock.install();
        await page.goto(plan.base + '/');
        await page.getByText('Connecting').waitFor();
        await page.clock.fastForward(40_000);
        await silent.evaluate(() => new BroadcastChannel('sluice live').postMessage({ lastId: '', state: { isUp: true, retryAt: 0, downSince: 0 } }));
        await isLive(page);
        await page.clock.fastForward(40_000);
        const within_a_minute = [lines.count, await silent.evaluate('window.lost')];
        await page.clock.fastForward(21_000);
        await silent.waitForFunction('window.lost');
        await seenBy(page);
        const after_a_minute = [lines.count, await silent.evaluate('window.lost')];
        await silent.evaluate(() => void window.hold({ steal: true }));
        while (lines.ended === 0) {
            await sleep(50);
        }
        const taken_away = lines.count;
        await silent.evaluate('window.letGo()');
        await seenBy(page);
        return { within_a_minute, after_a_minute, taken_away, at_last: lines.count };
    },

    // As on another machine of the network, by plain HTTP: no locks, no clipboard, no random ids.
    async without_locks(page) {
        const lines = countLines(page);
        await page.goto(plan.plainBase + '/');
        await isLive(page);
        const has = await page.evaluate(() => [isSecureContext, navigator.locks !== undefined, navigator.clipboard !== undefined]);
        const other = await page.context().newPage();
        await other.goto(plan.plainBase + '/');
        await isLive(other);
        await seenBy(page, other);
        await drop(page, plan.file, 'plain.mp4');
        await page.getByRole('button', { name: 'Take plain.mp4 off this list' }).waitFor();
        const turn = (isSeen) =>
            other.evaluate((state) => {
                Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
                document.dispatchEvent(new Event('visibilitychange'));
            }, isSeen ? 'visible' : 'hidden');
        const opened = lines.count;
        await turn(false);
        while (lines.ended === 0) {
            await sleep(50);
        }
        await seenBy(page);
        await turn(true);
        await seenBy(page, other);
        const [ended, again] = [lines.ended, lines.count];
        const rows = await Promise.all([page, other].map((tab) => tab.locator('table.uploads tbody tr').count()));
        await page.goto(`${plan.plainBase}/u/${plan.id}`);
        await page.getByRole('button', { name: 'Copy id' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        await page.goto(plan.plainBase + '/');
        await page.locator('[data-search]').focus();
        await page.keyboard.press('Control+V');
        return { has, opened, ended, again, rows, copied: await page.locator('[data-search]').inputValue() };
    },

    async line_lost(page) {
        await page.clock.install();
        await page.goto(plan.base + '/');
        await isLive(page);
        process.kill(plan.pid, 'SIGTERM');
        await page.locator('.line.down').waitFor();
        const told = await page.locator('.line').innerText();
        await page.clock.fastForward(11_000);
        await page.locator('.line', { hasText: 'Stale' }).waitFor();
        await page.locator('.line.up').waitFor({ timeout: 40_000 });
        return { told };
    },
};
