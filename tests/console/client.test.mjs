// SPDX-License-Identifier: Apache-2.0
// What a session's program is called in the list of sessions.
import assert from 'node:assert/strict';
import test from 'node:test';
import { source } from './source.mjs';

const { clientName } = await source('client.ts');
const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';

const names = {
  'claude-cli/2.1.329 (external, cli)': 'Claude Code 2.1',
  'claude-code/2.1': 'Claude Code 2.1',
  'claude-cli': 'Claude Code',
  'gatehouse/0.1.0 (adas-laptop)': 'Gatehouse 0.1 on adas-laptop',
  'gatehouse/0.1.0': 'Gatehouse 0.1',
  'curl/8.5.0': 'curl 8.5',
  'axios/1.8.4': 'axios 1.8',
  [`Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/131.0.0.0 Safari/537.36`]: 'Chrome on Linux',
  [`Mozilla/5.0 (X11; Linux x86_64) ${webkit} HeadlessChrome/131.0.0.0 Safari/537.36`]: 'Chrome on Linux',
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`]: 'Edge on Windows',
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/131.0.0.0 Safari/537.36`]: 'Chrome on ChromeOS',
  [`Mozilla/5.0 (Linux; Android 14) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`]: 'Chrome on Android',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15':
    'Safari on macOS',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1':
    'Chrome on iPhone',
  'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0': 'Firefox on Linux',
};

for (const [agent, name] of Object.entries(names)) test(`${name} is recognised`, () => assert.equal(clientName(agent), name));

test('what is not recognised keeps its first word', () => {
  assert.equal(clientName('our-own-tool (build 7)'), 'our-own-tool');
  assert.equal(clientName(`${'x'.repeat(200)}/1`), `${'x'.repeat(40)} 1`);
});

test('what says nothing has a name too', () => {
  assert.equal(clientName(''), 'Unnamed client');
  assert.equal(clientName('  '), 'Unnamed client');
});
