// Whether people who do not see or point can use each screen and state: axe's rules for WCAG 2.2 AA and its best practices, wide
// and narrow, light and dark. A scheme is colours alone, so in the dark only the rules about colours are asked again.
'use strict';

const fs = require('node:fs');
const { plan, drop } = require('./console_tools.cjs');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
const widths = [1280, 320];
const height = 800;

async function violations(page, rules = everything) {
    if (!(await page.evaluate('"axe" in window'))) {
        await page.evaluate(axe + ';0');
    }
    return page.evaluate(async (runOnly) => {
        const found = (await window.axe.run({ runOnly, resultTypes: ['violations'] })).violations;
        return found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    }, rules);
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
const settled = (page) => page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton, [aria-busy=true]'));

// What is on the page, as it is.
async function look(page, name) {
    const seen = [];
    for (const width of widths) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme: 'light' });
        const found = (await violations(page)).map((what) => `light: ${what}`);
        const beyond = await overflow(page);
        found.push(...(beyond > 0 ? [`${beyond} px too wide`] : []));
        if ((plan.dark ?? widths).includes(width)) {
            await page.emulateMedia({ colorScheme: 'dark' });
            found.push(...(await violations(page, colours)).map((what) => `dark: ${what}`));
        }
        seen.push(...found.map((what) => `${name} ${width} ${what}`));
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: widths[0], height });
    return seen;
}

const calm = async () => (await plan.newContext({ reducedMotion: 'reduce' })).newPage();

module.exports = {
    async accessible() {
        const page = await calm();
        const seen = [];
        for (const path of plan.paths) {
            await page.goto(plan.base + path);
            await settled(page);
            seen.push(...(await look(page, path)));
        }
        return { seen, looked: plan.paths.length };
    },

    // States that no address leads to.
    async accessible_states() {
        const page = await calm();
        const seen = [];
        await page.goto(`${plan.base}/u/${plan.id}`);
        await page.getByRole('button', { name: 'Delete' }).click();
        await page.getByRole('dialog').waitFor();
        seen.push(...(await look(page, 'question')));
        await page.keyboard.press('Escape');
        await page.goto(plan.base + '/');
        await page.getByRole('button', { name: 'Keys of the keyboard' }).click();
        await page.getByRole('dialog').waitFor();
        seen.push(...(await look(page, 'help')));
        await page.keyboard.press('Escape');
        await page.route('**/append', () => {});
        await drop(page, plan.file, 'stuck.mp4');
        await page.getByRole('progressbar', { name: 'stuck.mp4 sent' }).waitFor();
        seen.push(...(await look(page, 'sending')));
        await page.getByRole('button', { name: 'Cancel stuck.mp4' }).click();
        await page.goto(plan.base + '/system');
        await page.getByRole('button', { name: /^All \d+ settings$/ }).click();
        await page.getByRole('button', { name: 'Only what was set' }).waitFor();
        seen.push(...(await look(page, 'settings')));
        await page.goto(plan.base + '/');
        await page.locator('table.uploads').waitFor();
        await page.context().setOffline(true);
        await page.route('**/api/**', (route) => route.abort());
        await page.getByRole('button', { name: 'Failed', exact: true }).click();
        await page.getByRole('alert').waitFor();
        seen.push(...(await look(page, 'offline')));
        return { seen };
    },

    // A screen has its heading before it has anything else, and also when the answer is somebody else's: as of a proxy that
    // wants a sign-in.
    async before_and_without_an_answer(page) {
        const seen = [];
        for (const path of [`/u/${plan.id}`, '/requests/4711']) {
            let answer;
            const asked = new Promise((resolve) => (answer = resolve));
            await page.route(/\/api\/v1\/(uploads|requests)\/[^/]*$/, (route) => answer(route));
            await page.goto(plan.base + path);
            await page.locator('.skeleton').waitFor();
            seen.push(...(await violations(page)));
            await (await asked).fulfill({ status: 200, contentType: 'text/html', body: '<h1>Sign in</h1>' });
            await page.getByText("The answer is not Sluice's").waitFor();
            seen.push(...(await violations(page)));
            await page.unrouteAll();
        }
        return { seen };
    },

    async accessible_sign_in(page) {
        await page.goto(plan.base + '/');
        await page.getByLabel('Bearer token of a key').waitFor();
        const seen = await look(page, 'sign-in');
        await page.getByLabel('Bearer token of a key').fill('wrong');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
        return { seen: [...seen, ...(await look(page, 'refused'))] };
    },
};
