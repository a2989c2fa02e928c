// SPDX-License-Identifier: Apache-2.0
// A developer whose cap is reached: Claude Code says so and where to ask, the browser (on a phone) takes the request, may
// take it back, and after an admin's approval the next prompt passes.
import assert from 'node:assert/strict';
import { openAccess } from './lib/browser.mjs';
import { claude } from './lib/claude.mjs';
import { answer } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { publicUrl } from './lib/world.mjs';

const key = 'the-admins-write-key-of-at-least-32-letters';
const admin = {
  write_keys: [{ id: 'e2e', key }],
  blocked_message: `Ask for more at ${publicUrl}/access`,
};

async function administer(method, path, body) {
  const answered = await fetch(`${publicUrl}/v1/organizations/${path}`, {
    method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.equal(answered.status, 200, await answered.clone().text());
  return answered.json();
}

await scene({ admin }, async ({ provider, browser, step }) => {
  const { page, picture } = browser;
  await page.setViewportSize({ width: 390, height: 844 });

  step('the cap of a developer is reached: the CLI says why and where to ask');
  await openAccess(browser, 'ada');
  await page.getByLabel('Name', { exact: true }).fill('laptop');
  await page.getByRole('button', { name: /create/i }).click();
  const secret = (await page.locator('pre', { hasText: /^\s*ghk_[\w-]+\s*$/ }).innerText()).trim();
  const cli = claude({ env: { ANTHROPIC_BASE_URL: publicUrl, ANTHROPIC_AUTH_TOKEN: secret } });
  await administer('POST', 'spend_limits', { scope: { type: 'organization' }, amount: '0', period: 'weekly' });
  const usage = async () => (await fetch(`${publicUrl}/api/oauth/usage`, { headers: { 'x-api-key': secret } })).text();
  await until('the cap has been heard of', async () => (await usage()).includes('weekly'));
  const blocked = await cli.prompt('say hi');
  assert.equal(blocked.code, 1, blocked.said);
  assert.equal(blocked.result.api_error_status, 429);
  assert.ok(blocked.result.result.includes(admin.blocked_message), blocked.said);
  assert.equal(provider.messages().length, 0);

  step('they ask in the browser, and take it back');
  const ask = async (reason, dollars) => {
    await page.goto(`${publicUrl}/access`);
    await page.getByLabel('Why you need more').fill(reason);
    await page.getByLabel('New limit in dollars').fill(dollars);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByRole('listitem').filter({ hasText: reason }).waitFor();
  };
  await ask('too early', '20');
  await page.getByRole('button', { name: /^Withdraw request: weekly, too early/ }).click();
  await page.getByRole('listitem').filter({ hasText: 'withdrawn' }).waitFor();

  step('the page fits a phone');
  await ask('the release is on Friday', '25');
  await picture('asked-on-a-phone');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `the page is ${width} pixels wide`);

  step('an admin approves, and the next prompt passes');
  const { data } = await administer('GET', 'spend_limit_increase_requests?status[]=pending');
  assert.equal(data.length, 1);
  assert.equal(data[0].requested_amount, '2500');
  assert.deepEqual(data[0].blocked_by.map((row) => row.lifted_by_approval), [true]);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const grant = { amount: '2500', expires_at: tomorrow, note: 'good luck' };
  await administer('POST', `spend_limit_increase_requests/${data[0].id}/approve`, grant);
  const passed = await until('the approval has been heard of', async () => {
    const prompt = await cli.prompt('say hi');
    return prompt.code === 0 && prompt;
  });
  assert.equal(passed.result?.result, answer, passed.said);
  await page.goto(`${publicUrl}/access`);
  await page.getByText(`Granted: $25.00 weekly until ${tomorrow}. good luck`).waitFor();
  await picture('granted-on-a-phone');
});
