// SPDX-License-Identifier: Apache-2.0
// The console of a company with 10,000 people and a year of spend (tests/company): the pages show everybody, their tables
// sort, filter and page. How long each page's API takes, and how smooth the big table is beside a small one of the same
// page, is written to figures.md among the artifacts: figures to read (docs/performance.md), not to pass.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signInToConsole } from './lib/browser.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { artifacts, publicUrl } from './lib/world.mjs';

const people = 10_000;
const rounds = 7;
const options = {
  company: true,
  within: 280_000, // a slow machine takes its time with so many
  managed: { source: 'store' },
  policies: [{ match: { groups: ['group-1'] }, cli: { availableModels: ['haiku'] } }, { match: {}, cli: {} }],
  admin: { admin_groups: ['admins'], finance_groups: ['finance'] },
};
const month = (back) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
};
const first = '00u1a2b3c4d5e6f700000';
const pages = [
  '/console/spend', '/console/spend?by=person', '/console/spend?by=group', '/console/spend?by=budgets', '/console/spend/group/group-1',
  `/console/spend/person/${first}`, `/console/spend/person/${first}?month=${month(3)}`, '/console/people', '/console/people?q=last4321',
  `/console/people/${first}`, '/console/limits', '/console/keys', '/console/policies', `/console/policies/explain?user=${first}&model=claude-haiku-4-5`,
  '/console/audit', '/console/upstreams', '/me',
];

const quantile = (values, at) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * at))];
const ms = (value) => value.toFixed(value < 10 ? 1 : 0);

await scene(options, async ({ browser, step }) => {
  const { page, picture } = browser;
  await page.setViewportSize({ width: 1280, height: 900 });
  const settled = async () => {
    await page.locator('main h1').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.waiting'));
  };
  const table = (caption) => page.getByRole('table', { name: caption });
  const names = () => table('Spend by person').locator('tbody').getByRole('rowheader').allInnerTexts();
  const firstFigure = async () => Number((await table('Spend by person').locator('tbody tr').first().locator('td').nth(1).innerText())
    .replace(/[^0-9.]/g, ''));

  step('an admin caps the organization and a group, and opens every page');
  await signInToConsole(browser, 'fay', '/console/spend');
  for (const scope of [{ type: 'organization' }, { type: 'rbac_group', rbac_group_id: 'group-1' }])
    await page.evaluate(async (body) => {
      const answer = await fetch('/v1/organizations/spend_limits', {
        method: 'POST', headers: { 'content-type': 'application/json', 'x-gatehouse-console': '1' }, body: JSON.stringify(body),
      });
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    }, { scope, amount: '900000000', period: 'monthly' });
  const asked = new Map();
  page.on('request', (request) => {
    const url = request.url().slice(publicUrl.length);
    if (request.method() === 'GET' && /^\/(v1|api)\//.test(url) && !asked.has(url)) asked.set(url, new URL(page.url()).pathname + new URL(page.url()).search);
  });
  for (const path of pages) {
    await page.goto(publicUrl + path);
    await settled();
    assert.equal(await page.getByRole('alert').count(), 0, `${path}: ${await page.innerText('main')}`);
    await picture(path.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-/, ''));
  }

  step('the big table sorts, filters and pages');
  await page.goto(`${publicUrl}/console/spend?by=person`);
  await settled();
  const pager = page.getByRole('navigation', { name: 'Pages of spend by person' });
  await until('everybody is there', async () => (await pager.innerText()).includes(`1–50 of ${people.toLocaleString('en-US')}`));
  const most = await firstFigure();
  await table('Spend by person').getByRole('button', { name: 'Spend' }).click();
  await until('the least come first', async () => (await firstFigure()) < most);
  await pager.getByRole('button', { name: 'Next' }).click();
  await until('the second page is there', async () => (await pager.innerText()).includes('51–100'));
  await page.getByRole('searchbox', { name: 'Filter spend by person' }).fill('last77@');
  await until('one of 10,000 is found', async () => (await names()).length === 1 && (await names())[0].includes('last77@'));
  await page.getByRole('searchbox', { name: 'Filter spend by person' }).fill('');
  await page.goto(`${publicUrl}/console/people`);
  await settled();
  assert.match(await page.innerText('main'), /10,00\d people/);

  step('figures');
  const lines = ['| API | asked first by | ms, median of 7 (longest) | beside the least |', '|---|---|---|---|'];
  const timed = [];
  for (const [url, from] of asked) {
    const times = await page.evaluate(async ([at, count]) => {
      const all = [];
      for (let round = 0; round < count; round += 1) {
        const began = performance.now();
        const answer = await fetch(at, { headers: { 'x-gatehouse-console': '1' } });
        await answer.arrayBuffer();
        all.push(performance.now() - began);
      }
      return all;
    }, [url, rounds]);
    timed.push({ url, from, median: quantile(times, 0.5), longest: Math.max(...times) });
  }
  const least = Math.min(...timed.map((each) => each.median));
  for (const each of timed.toSorted((a, b) => b.median - a.median))
    lines.push(`| ${each.url} | ${each.from} | ${ms(each.median)} (${ms(each.longest)}) | ${ms(each.median / least)} × |`);

  lines.push('', '| table | longest frame of each action, ms: sort, filter, page, scroll | frames over 50 ms |', '|---|---|---|');
  for (const [by, caption] of [['person', 'Spend by person'], ['group', 'Spend by group']]) {
    await page.goto(`${publicUrl}/console/spend?by=${by}`);
    await settled();
    await table(caption).waitFor();
    lines.push(await smoothness(caption));
  }
  const figures = `${lines.join('\n')}\n`;
  writeFileSync(join(artifacts, 'figures.md'), figures);
  console.log(figures);

  /// The longest pause between frames while somebody works with the table.
  async function smoothness(caption) {
    await page.evaluate(() => {
      globalThis.frames_ = [];
      let last = performance.now();
      const frame = (now) => {
        globalThis.frames_.push(now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const lower = caption.toLowerCase();
    const filter = page.getByRole('searchbox', { name: `Filter ${lower}` });
    const next = page.getByRole('navigation', { name: `Pages of ${lower}` }).getByRole('button', { name: 'Next' });
    const actions = {
      sort: async () => {
        for (const name of ['Requests', 'Month before', 'Spend', 'Spend']) await table(caption).getByRole('button', { name, exact: true }).click();
      },
      filter: async () => {
        await filter.pressSequentially('example 99');
        await filter.fill('');
      },
      page: async () => {
        for (let times = 0; times < 5 && (await next.count()) > 0 && (await next.isEnabled()); times += 1) await next.click();
      },
      scroll: async () => {
        for (let times = 0; times < 20; times += 1) await page.mouse.wheel(0, 200);
      },
    };
    const longest = [];
    let slow = 0;
    for (const act of Object.values(actions)) {
      await page.evaluate(() => { globalThis.frames_.length = 0; });
      await act();
      // Two frames more: what the last step set off is drawn by then.
      const frames = await page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => done([...globalThis.frames_])));
      }));
      longest.push(Math.max(...frames));
      slow += frames.filter((frame) => frame > 50).length;
    }
    return `| ${caption} | ${longest.map(ms).join(', ')} | ${slow} |`;
  }
});
