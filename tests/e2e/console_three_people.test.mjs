// SPDX-License-Identifier: Apache-2.0
// The three people of the console, each from sign-in to result: a developer makes a key; an admin takes a model away,
// which the developer's client feels at once, brings it back, sets a cap that blocks, approves the request that unblocks,
// ends everything the developer is signed in with, and finds all that in the trail; finance reads spend and no more, and
// exports what the API sums up to.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { signInToConsole } from './lib/browser.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { publicUrl } from './lib/world.mjs';

const haiku = 'claude-haiku-4-5-20251001';
const options = {
  managed: { source: 'store' },
  policies: [{ match: { groups: ['engineering'] }, cli: { availableModels: ['sonnet', 'haiku'] } }],
  admin: { admin_groups: ['admins'], finance_groups: ['finance'] },
};

await scene(options, async ({ browser, step }) => {
  const { page, picture } = browser;
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const button = (name, within = page) => within.getByRole('button', { name, exact: true });

  const signIn = (login, path) => signInToConsole(browser, login, path);
  async function choose(label, text, within = dialog) {
    await within.getByRole('combobox', { name: new RegExp(`^${label}`) }).fill(text);
    await page.getByRole('option', { name: new RegExp(text) }).first().click();
  }

  step('a developer signs in, sees what holds, and makes a key that works');
  await signIn('ada', '/me');
  await page.getByText('engineering').first().waitFor();
  await button('Create a key').click();
  await dialog.getByLabel('Name', { exact: true }).fill('laptop');
  await button('Create key', dialog).click();
  await dialog.getByText(/ghk_[\w-]+/).first().waitFor();
  const [secret] = /ghk_[\w-]+/.exec(await dialog.innerText());
  await button('I have copied it', dialog).click();
  const prompt = async () => {
    const answered = await fetch(`${publicUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': secret, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: haiku, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }),
    });
    return { status: answered.status, body: await answered.text() };
  };
  assert.equal((await prompt()).status, 200);
  for (const path of ['/console/people', '/console/spend']) {
    await page.goto(publicUrl + path);
    await page.getByRole('heading', { name: 'Not for you, or not here' }).waitFor();
  }

  step('an admin takes a model away, and the running client is refused');
  await signIn('fay', '/console/policies');
  await button('Edit engineering').click();
  await dialog.getByRole('row', { name: /haiku/ }).getByRole('button').click();
  await button('Take into the draft', dialog).click();
  await button('See what it would do').click();
  await dialog.getByText(/haiku/).first().waitFor();
  await picture('dry-run');
  await dialog.getByRole('textbox', { name: /^Why/ }).fill('haiku is not for engineering');
  await dialog.getByRole('button', { name: /^(Save|Put)/ }).click();
  await dialog.waitFor({ state: 'detached' });
  const refused = await until('the change is felt', async () => {
    const answered = await prompt();
    return answered.status !== 200 && answered;
  });
  assert.ok([400, 403, 404].includes(refused.status), `${refused.status} ${refused.body}`);

  step('and goes back to the version before');
  await page.getByRole('tab', { name: 'History' }).or(page.getByRole('link', { name: 'History' })).first().click();
  await button('Go back to version 1').click();
  await dialog.getByRole('textbox', { name: /^Why/ }).fill('it was needed');
  await dialog.getByRole('button', { name: /^(Go back|Save)/ }).click();
  await dialog.waitFor({ state: 'detached' });
  await until('the model is back', async () => (await prompt()).status === 200);

  step('a cap blocks');
  await page.goto(`${publicUrl}/console/limits`);
  await button('New cap').click();
  await dialog.getByRole('combobox', { name: /^For/ }).selectOption('user');
  await choose('Person or service key', 'ada');
  await dialog.getByLabel('Amount').fill('0');
  await button('See what it would do', dialog).click();
  await dialog.getByRole('group', { name: 'What it would do' }).waitFor();
  await picture('cap-preview');
  await button('Set this cap', dialog).click();
  await dialog.waitFor({ state: 'detached' });
  const blocked = await until('the cap blocks', async () => {
    const answered = await prompt();
    return answered.status === 429 && answered;
  });
  assert.match(blocked.body, /billing_error/);

  step('the developer asks for more, and an approval unblocks');
  const asked = await fetch(`${publicUrl}/v1/me/spend_limit_increase_requests`, {
    method: 'POST',
    headers: { 'x-api-key': secret, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'the release is on Friday', amount: '2500' }),
  });
  assert.equal(asked.status, 200, await asked.text());
  await page.goto(`${publicUrl}/console/limits?tab=requests`);
  await page.getByText('the release is on Friday').waitFor();
  await page.getByRole('button', { name: /^Approve for/ }).click();
  await button('See what it would do', dialog).click();
  await dialog.getByRole('group', { name: 'What it would do' }).waitFor();
  await button('Approve', dialog).click();
  await dialog.waitFor({ state: 'detached' });
  await until('the approval unblocks', async () => (await prompt()).status === 200);

  step('what the developer is signed in with ends, keys too');
  await page.goto(`${publicUrl}/console/people`);
  await page.getByRole('link', { name: /ada/i }).first().click();
  await button('End all sessions').click();
  await dialog.getByText(/personal keys/i).first().click();
  await dialog.getByRole('button', { name: /^End/ }).click();
  await until('the key is refused', async () => (await prompt()).status === 401);
  await picture('person');

  step('all of it is in the trail');
  await page.goto(`${publicUrl}/console/audit`);
  await page.getByRole('main').getByText(/it was needed/).first().waitFor();
  await page.getByRole('main').getByText(/haiku is not for engineering/).first().waitFor();
  await picture('trail');

  step('finance sees spend and no more');
  await signIn('finn', '/console/spend');
  const links = await page.getByRole('navigation').getByRole('link').allInnerTexts();
  assert.deepEqual(links.map((text) => text.trim()), ['Your access', 'Spend', 'Limits']);
  const api = (path) => page.evaluate(async (at) => {
    const answered = await fetch(at, { headers: { 'x-gatehouse-console': '1' } });
    return { status: answered.status, body: answered.status === 200 ? await answered.json() : null };
  }, path);
  for (const path of ['users', 'policies', 'service_keys', 'audit', 'upstreams', 'live_requests'])
    assert.equal((await api(`/v1/organizations/${path}`)).status, 403, path);

  step('and exports what the API sums up to');
  const month = new Date().toISOString().slice(0, 7);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Export CSV/ }).click()]);
  const csv = await readFile(await download.path(), 'utf8');
  const [head, ...rows] = csv.trim().split(/\r?\n/).map((line) => line.split(','));
  const column = head.indexOf('cost_nano');
  assert.ok(column >= 0, head.join());
  const exported = rows.reduce((sum, row) => sum + Number(row[column]), 0);
  const report = await api(`/v1/organizations/cost_report?starting_at=${month}-01T00:00:00Z&bucket_width=1d&limit=31`);
  assert.equal(report.status, 200);
  const cents = report.body.data.flatMap((bucket) => bucket.results).reduce((sum, row) => sum + Number(row.amount), 0);
  assert.ok(exported > 0);
  assert.equal(exported, Math.round(cents * 1e7));
  await picture('finance');
});
