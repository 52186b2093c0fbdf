// The line of live events: one for all tabs, given from one to the next, taken up again, and where a page has no locks.
'use strict';

const fs = require('node:fs');
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

    // The tab that has the line falls silent, as one that the browser froze: another one waits for a minute after its last
    // sign, then takes the line; the first one follows when it is awake again, and has it when the other one goes.
    async silent_tab(page) {
        const lines = countLines(page);
        await page.goto(plan.base + '/');
        await isLive(page);
        const other = await page.context().newPage();
        await other.clock.install();
        await other.goto(plan.base + '/');
        await isLive(other);
        // A sign comes every 15 s.
        await other.clock.fastForward(35_000);
        await seenBy(page, other);
        await other.clock.fastForward(35_000);
        await seenBy(other);
        const while_signs_come = lines.count;
        const life = await page.context().newCDPSession(page);
        await life.send('Page.setWebLifecycleState', { state: 'frozen' });
        await other.clock.fastForward(35_000);
        await sleep(500);
        const before_a_minute = lines.count;
        await other.clock.fastForward(26_000);
        await seenBy(other);
        const after_a_minute = lines.count;
        await life.send('Page.setWebLifecycleState', { state: 'active' });
        await seenBy(page, other);
        const when_awake = lines.count;
        await other.close();
        await seenBy(page);
        return { lines: [while_signs_come, before_a_minute, after_a_minute, when_awake, lines.count] };
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
        fs.writeFileSync(plan.mark, 'lost');
        await page.locator('.line.up').waitFor({ timeout: 40_000 });
        return { told };
    },
};
