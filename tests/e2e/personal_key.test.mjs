// SPDX-License-Identifier: Apache-2.0
// A personal key, made in the browser for a tool that cannot run /login: it works as ANTHROPIC_AUTH_TOKEN within the
// owner's models, is shown once, and ends when the owner says so.
import assert from 'node:assert/strict';
import { openAccess } from './lib/browser.mjs';
import { claude } from './lib/claude.mjs';
import { answer } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { providerKey, publicUrl } from './lib/world.mjs';

const policies = [{ match: { groups: ['engineering'] }, cli: { availableModels: ['claude-sonnet-5'] } }];

await scene({ policies }, async ({ provider, browser, step }) => {
  const { page, picture } = browser;

  step('the developer makes a key in the browser');
  await openAccess(browser, 'ada');
  await page.getByLabel('Name', { exact: true }).fill('build server');
  await page.getByRole('button', { name: /create/i }).click();
  const key = (await page.locator('pre', { hasText: /^\s*ghk_[\w-]+\s*$/ }).innerText()).trim();
  await page.goto(`${publicUrl}/access`);
  await picture('with-key');
  assert.ok(!(await page.content()).includes(key), 'the key is shown once');

  step('claude -p answers with the key, and the provider does not see it');
  const cli = claude({ env: { ANTHROPIC_BASE_URL: publicUrl, ANTHROPIC_AUTH_TOKEN: key } });
  const answered = await cli.prompt('say hi');
  assert.equal(answered.result?.result, answer, answered.said);
  const { headers } = provider.messages()[0];
  assert.equal(headers['x-api-key'], providerKey);
  assert.ok(!JSON.stringify(headers).includes(key));

  step('the key opens no other models than its owner may use');
  const refused = await cli.prompt('say hi', { model: 'claude-opus-5' });
  assert.equal(refused.code, 1, refused.said);
  assert.match(refused.result.result, /model claude-opus-5 is not in your role's availableModels allowlist/);
  assert.equal(provider.messages().length, 1);

  step('a revoked key is refused');
  const models = () => fetch(`${publicUrl}/v1/models`, { headers: { 'x-api-key': key } });
  assert.equal((await models()).status, 200);
  const row = page.getByRole('listitem').filter({ hasText: 'build server' });
  await row.getByRole('button', { name: /revoke/i }).click();
  await row.waitFor({ state: 'detached' });
  await until('the gateway refuses the key', async () => (await models()).status === 401, { within: 1_000, every: 10 });
  const ended = await cli.prompt('say hi');
  assert.equal(ended.code, 1, ended.said);
  assert.equal(ended.result.api_error_status, 401);
  assert.equal(provider.messages().length, 1);
});
