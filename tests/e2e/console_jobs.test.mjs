// SPDX-License-Identifier: Apache-2.0
// What people come to the console for: an admin makes a service key, whose secret is seen once and ends when it is
// rotated, and puts policies in another order with the mouse and with the keyboard, which that key feels;
// finance holds the provider's invoice against what was metered; and where the policies are in gateway.yaml an admin reads
// them and changes nothing.
import assert from 'node:assert/strict';
import { violations } from './lib/axe.mjs';
import { signInToConsole } from './lib/browser.mjs';
import { startGateway } from './lib/gateway.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { publicUrl } from './lib/world.mjs';

const haiku = 'claude-haiku-4-5-20251001';
const sonnet = 'claude-sonnet-5';
const options = {
  managed: { source: 'store' },
  policies: [
    { match: { groups: ['engineering'] }, cli: { availableModels: ['sonnet', 'haiku'] } },
    { match: { groups: ['contractors'] }, cli: { availableModels: ['haiku'] } },
    { match: {}, cli: {} },
  ],
  admin: { admin_groups: ['admins'], finance_groups: ['finance'] },
};

await scene(options, async ({ browser, gateway, step }) => {
  const { page, picture } = browser;
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const button = (name, within = page) => within.getByRole('button', { name, exact: true });
  /// Has axe-core look at what is open. The test goes on, and fails at its end for all that was found.
  const faults = [];
  async function look(name) {
    faults.push(...(await violations(page)).map((violation) => `${name}: ${violation}`));
    await picture(name);
  }
  const closed = () => dialog.waitFor({ state: 'detached' });

  const api = (path) => page.evaluate(async (at) => {
    const answered = await fetch(at, { headers: { 'x-gatehouse-console': '1' } });
    if (answered.status !== 200) throw new Error(`${at}: ${answered.status} ${await answered.text()}`);
    return answered.json();
  }, `/v1/organizations/${path}`);
  const prompt = async (key, model = haiku) => {
    const { status } = await fetch(`${publicUrl}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }),
    });
    return status;
  };
  /// The secret that the dialog shows; the dialog is closed then.
  async function copied() {
    const shown = await dialog.getByRole('region', { name: 'the secret' }).innerText();
    await look('secret');
    await button('I have copied it', dialog).click();
    await closed();
    return shown.trim();
  }
  async function never(secret, where) {
    await page.locator('main h1').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.waiting'));
    const kept = await page.evaluate(() => JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes(secret), `${where} holds the secret again`);
  }

  step('an admin makes a service key with a budget and a speed, and a program works with it');
  await signInToConsole(browser, 'fay', '/console/keys');
  await button('Create a key').click();
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('nightly build');
  for (const group of ['engineering', 'contractors']) {
    await dialog.getByRole('combobox', { name: 'Groups' }).fill(group);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape'); // closes the list, which stays open for the next one, and not the dialog
    await dialog.getByRole('row', { name: group }).waitFor();
  }
  await dialog.getByRole('textbox', { name: 'Requests a minute' }).fill('600');
  await dialog.getByRole('textbox', { name: 'Budget' }).fill('25');
  await look('new-key');
  await button('Create key', dialog).click();
  const first = await copied();
  assert.equal(await prompt(first), 200);

  step('its secret is shown that once');
  await never(first, 'the list');
  await page.goto(`${publicUrl}/me`);
  await page.goto(`${publicUrl}/console/keys`);
  await page.getByRole('link', { name: 'nightly build' }).waitFor();
  await never(first, 'the list after a while');
  await page.getByRole('link', { name: 'nightly build' }).click();
  await page.getByRole('heading', { level: 1, name: 'nightly build' }).waitFor();
  await never(first, 'its page');

  step('the budget is a cap of its own');
  const budget = page.getByRole('region', { name: 'Spend and budget' }).getByRole('row', { name: /^Monthly/ });
  await budget.getByText(/its own/).waitFor();
  assert.match(await budget.innerText(), /\$25\.00 its own/);
  const [key] = (await api('service_keys')).data;
  const limits = (await api(`spend_limits/effective?user_ids[]=${encodeURIComponent(key.user_id)}`)).data;
  assert.equal(limits.find(({ period }) => period === 'monthly').amount, '2500');
  assert.deepEqual(key.rate_limits, { user: { requests_per_minute: 600 } });
  await page.getByRole('region', { name: 'About this key' }).getByText('600 requests a minute').waitFor();
  await picture('service-key');

  step('it leaked: rotated, the former secret is refused and the new one works');
  await button('Rotate').click();
  await dialog.getByRole('combobox', { name: 'The former secret goes on' }).selectOption({ label: 'Not at all: it leaked' });
  await dialog.getByRole('textbox', { name: 'Why' }).fill('it stood in a log');
  await look('rotate');
  await button('Rotate', dialog).click();
  const second = await copied();
  assert.notEqual(second, first);
  await until('the former secret is refused', async () => (await prompt(first)) === 401);
  assert.equal(await prompt(second), 200);

  const list = page.getByRole('grid', { name: 'Policies, in the order they are tried' });
  const shownOrder = () => list.getByRole('row').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
  const savedOrder = async () => (await api('policies')).document.policies.map(({ match }) => match.groups?.join() ?? 'Everyone');
  async function order(...expected) {
    await until(`the page shows ${expected}`, async () => (await shownOrder()).join() === expected.join());
  }
  /// Puts the draft in force, and finds its order in the API and after a reload.
  async function save(reason, ...expected) {
    await order(...expected);
    await button('See what it would do').click();
    await dialog.getByRole('textbox', { name: /^Why/ }).fill(reason);
    await button('Save and put in force', dialog).and(page.locator(':enabled')).waitFor();
    await look('what-it-would-do');
    await button('Save and put in force', dialog).click();
    await closed();
    assert.deepEqual(await savedOrder(), expected);
    await page.reload();
    await order(...expected);
    assert.equal(await page.getByRole('region', { name: 'Your draft' }).count(), 0);
  }

  step('a policy is dragged above another with the mouse, and holds first');
  await page.goto(`${publicUrl}/console/policies`);
  await order('engineering', 'contractors', 'Everyone');
  assert.equal(await prompt(second, sonnet), 200);
  const row = (name) => list.getByRole('row', { name, exact: true });
  const grip = await row('contractors').locator('.grip').boundingBox();
  const above = await row('engineering').boundingBox();
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(grip.x + grip.width / 2, above.y + above.height / 2, { steps: 8 });
  await page.mouse.move(grip.x + grip.width / 2, above.y + 3, { steps: 4 });
  await page.locator('[data-drop-target]').first().waitFor({ state: 'attached' });
  await picture('dragging');
  await page.mouse.up();
  assert.deepEqual(await savedOrder(), ['engineering', 'contractors', 'Everyone'], 'a draft changes nothing');
  await save('contractors first', 'contractors', 'engineering', 'Everyone');
  await until('the other policy holds for the key', async () => (await prompt(second, sonnet)) !== 200);
  assert.equal(await prompt(second), 200);

  step('and back with the keyboard alone');
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    const inRow = at.closest('.policy')?.getAttribute('aria-label') ?? '';
    return { inRow, isGrip: at.classList.contains('grip'), label: at.getAttribute('aria-label') ?? '' };
  });
  async function pressUntil(key, what, isThere) {
    for (let pressed = 0; pressed < 40; pressed += 1) {
      if (isThere(await focused())) return;
      await page.keyboard.press(key);
    }
    assert.fail(`${key} does not lead to ${what}, but to ${JSON.stringify(await focused())}`);
  }
  await pressUntil('Tab', 'the policies', ({ inRow }) => inRow !== '');
  await pressUntil('ArrowDown', 'engineering', ({ inRow }) => inRow === 'engineering');
  await pressUntil('ArrowRight', 'its handle', ({ inRow, isGrip }) => inRow === 'engineering' && isGrip);
  await page.keyboard.press('Enter');
  await until('the keyboard drags', async () => (await focused()).label.startsWith('Insert'));
  await pressUntil('ArrowUp', 'the place above contractors', ({ label }) => label === 'Insert before contractors');
  await picture('dragging-by-keyboard');
  await page.keyboard.press('Enter');
  await save('engineering first again', 'engineering', 'contractors', 'Everyone');
  await until('the first policy holds for the key again', async () => (await prompt(second, sonnet)) === 200);

  step('finance holds an invoice against what was metered');
  await signInToConsole(browser, 'finn', '/console/spend');
  const month = new Date().toISOString().slice(0, 7);
  const report = await api(`cost_report?starting_at=${month}-01&bucket_width=1d&limit=31&group_by[]=model`);
  const metered = report.data.flatMap(({ starting_at, results }) =>
    results.map(({ model, amount }) => ({ date: starting_at.slice(0, 10), model, dollars: Number(amount) / 100 })));
  const ofHaiku = metered.find(({ model }) => model.startsWith('claude-haiku'));
  assert.ok(ofHaiku && metered.length >= 2, 'two models were used');
  const csv = (...rows) => ['usage_date_utc,model,cost_usd', ...rows.map((row) => row.join())].join('\n');
  const charged = (more) => metered.map((row) => [row.date, row.model, (row.dollars + (row === ofHaiku ? more : 0)).toFixed(10)]);
  const result = page.getByRole('status', { name: 'Result of the check' });
  async function compare(text) {
    await page.getByLabel('The provider’s report').setInputFiles({ name: 'cost.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await result.waitFor({ state: 'detached' });
    await button('Compare').click();
  }
  const line = (model) => page.getByRole('table', { name: 'Differences by day and model' }).getByRole('row').filter({ hasText: model });
  await page.getByRole('tab', { name: 'Invoice check' }).click();
  const hidden = await page.getByRole('tablist', { name: 'Spend by' }).evaluate((tabs) => tabs.scrollWidth - tabs.clientWidth);
  assert.equal(hidden, 0, 'every tab is seen whole');
  await compare(csv(...charged(0)));
  await result.getByText('Every day and model matches.').waitFor();
  assert.match(await result.innerText(), /Difference\s+\$0\.00/);

  step('and reads what differs');
  await compare(csv(...charged(0.25), [ofHaiku.date, 'claude-opus-5', '1.50']));
  await result.getByText(`2 of ${metered.length + 1} days and models differ.`).waitFor();
  assert.match(await result.innerText(), /Difference\s+\$1\.75/);
  assert.match(await line('claude-haiku-4-5').first().innerText(), /\$0\.25\s+< \$0\.01\s+\$0\.25\s+Differs/);
  assert.match(await line('claude-opus-5').innerText(), /\$1\.50\s+–\s+\$1\.50\s+Only theirs/);
  assert.match(await line('claude-sonnet-5').first().innerText(), /Matches/);
  await look('invoice');
  await compare('what,is,this\n1,2,3');
  await page.getByRole('tabpanel').getByRole('alert').waitFor();
  assert.equal(await result.count(), 0, 'a file that is no report has no result');

  step('with the policies in gateway.yaml the page says so and changes nothing');
  await gateway.stop();
  const [engineering, contractors, everyone] = options.policies;
  const fromFile = await startGateway({ ...options, policies: [contractors, engineering, everyone], managed: { source: 'file' } });
  await signInToConsole(browser, 'fay', '/console/policies');
  await page.getByRole('note').getByText('These policies are in gateway.yaml and cannot be changed here.').waitFor();
  await page.getByRole('note').getByText(/managed\.policies/).waitFor();
  await order('contractors', 'engineering', 'Everyone');
  const offered = await page.getByRole('main').getByRole('button').evaluateAll((all) => all.map((each) => each.getAttribute('aria-label') ?? each.innerText));
  assert.deepEqual(offered, ['Show contractors', 'Show engineering', 'Show Everyone']);
  assert.equal(await list.locator('.grip, [draggable=true]').count(), 0, 'nothing can be dragged');
  await look('read-only');
  await button('Show engineering').click();
  await dialog.getByText(/"haiku"/).waitFor();
  assert.equal(await dialog.locator('input, textarea, select, [role=combobox]').count(), 0, 'it is shown, not asked');
  await look('read-only-policy');
  await button('Close', dialog).click();
  await closed();

  step('nor can it be saved past the page');
  const before = await api('policies');
  const refusal = await page.evaluate(async () => {
    const at = '/v1/organizations/policies';
    const headers = { 'x-gatehouse-console': '1' };
    const etag = (await fetch(at, { headers })).headers.get('etag');
    const answered = await fetch(at, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json', ...(etag && { 'if-match': etag }) },
      body: JSON.stringify({ policies: [{ match: {}, cli: {} }], reason: 'past the page' }),
    });
    return { status: answered.status, body: await answered.text() };
  });
  assert.equal(refusal.status, 409, refusal.body);
  assert.match(refusal.body, /gateway\.yaml/);
  assert.deepEqual(await api('policies'), before);
  await page.goto(`${publicUrl}/console/policies/history`);
  await page.getByText('contractors first').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Go back/ }).count(), 0);
  await fromFile.stop();

  step('axe-core finds nothing in what was open');
  assert.deepEqual([...new Set(faults)], []);
});
