// SPDX-License-Identifier: Apache-2.0
// A session that its policy pauses: Claude Code shows why and where to resume it, does not go on by itself, and goes on
// when its owner has pressed the button.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openAccess } from './lib/browser.mjs';
import { claude } from './lib/claude.mjs';
import { answer } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';
import { publicUrl } from './lib/world.mjs';

const policies = [{ match: { groups: ['engineering'] }, cli: {}, limits: { pause_session: { requests: 1 } } }];

await scene({ policies }, async ({ provider, browser, step }) => {
  const { page, picture } = browser;

  step('the developer works in a session');
  await openAccess(browser, 'ada');
  await page.getByLabel('Name', { exact: true }).fill('laptop');
  await page.getByRole('button', { name: /create/i }).click();
  const key = (await page.locator('pre', { hasText: /^\s*ghk_[\w-]+\s*$/ }).innerText()).trim();
  const cli = claude({ env: { ANTHROPIC_BASE_URL: publicUrl, ANTHROPIC_AUTH_TOKEN: key } });
  const session = randomUUID();
  const first = await cli.prompt('say hi', { more: ['--session-id', session] });
  assert.equal(first.result?.result, answer, first.said);
  assert.equal(provider.messages().length, 1);

  step('the session is paused: the CLI says why and where to go, and does not try again');
  const paused = await cli.prompt('go on', { more: ['--resume', session] });
  assert.equal(paused.code, 1, paused.said);
  assert.equal(paused.result.api_error_status, 429);
  assert.match(paused.result.result, /this session is paused: it made 1 request within 60 minutes/);
  assert.ok(paused.result.result.includes(`resume it at ${publicUrl}/access`), paused.said);
  assert.equal(provider.messages().length, 1);

  step('its owner resumes it in the browser');
  await page.goto(`${publicUrl}/access`);
  await page.getByRole('heading', { name: 'Paused sessions' }).waitFor();
  await picture('paused');
  await page.getByRole('button', { name: `Resume session ${session}` }).click();
  await page.getByRole('heading', { name: 'Paused sessions' }).waitFor({ state: 'detached' });

  step('the session goes on');
  const again = await cli.prompt('go on', { more: ['--resume', session] });
  assert.equal(again.result?.result, answer, again.said);
});
