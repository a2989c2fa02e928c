// SPDX-License-Identifier: Apache-2.0
// Without Claude Code's own /login: `gatehouse login` signs in from a plain shell, `gatehouse token` is the CLI's
// apiKeyHelper, `gatehouse logout` ends it.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { approveDevice } from './lib/browser.mjs';
import { claude } from './lib/claude.mjs';
import { run, start } from './lib/processes.mjs';
import { answer } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';
import { until } from './lib/wait.mjs';
import { providerKey, publicUrl } from './lib/world.mjs';

const gatehouse = process.env.E2E_GATEHOUSE;

await scene({}, async ({ provider, browser, step, tap }) => {
  const settings = { apiKeyHelper: `${gatehouse} token` };
  const cli = claude({ settings, env: { ANTHROPIC_BASE_URL: publicUrl } });
  const shell = (...args) => run(gatehouse, args, { env: { HOME: cli.home } });

  step('gatehouse login prints a code and an address, and ends when the browser has approved');
  const signingIn = start('login', gatehouse, ['login', publicUrl], { env: { HOME: cli.home } });
  const code = await until('gatehouse login prints a code', () => /\b[B-Z]{4}-[B-Z]{4}\b/.exec(signingIn.output())?.[0]);
  const [url] = /http:\/\/\S+\/device\S*/.exec(signingIn.output());
  await approveDevice(browser, { url, code, login: 'ada' });
  const signedIn = await signingIn.ended;
  assert.equal(signedIn.code, 0, signingIn.output());

  step('gatehouse token prints a token and nothing else, from a file that only its owner reads');
  const token = await shell('token');
  assert.equal(token.code, 0, token.stderr);
  assert.match(token.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n?$/);
  const kept = join(cli.home, '.config/gatehouse');
  for (const file of ['.', ...readdirSync(kept)]) assert.equal(statSync(join(kept, file)).mode & 0o077, 0, file);

  step('claude -p answers with that token');
  const answered = await cli.prompt('say hi');
  assert.equal(answered.result?.result, answer, answered.said);
  assert.ok(JSON.stringify(tap.to('/v1/messages')[0].headers).includes(token.stdout.trim()));
  assert.equal(provider.messages()[0].headers['x-api-key'], providerKey);
  assert.ok(!JSON.stringify(provider.messages()[0].headers).includes(token.stdout.trim()));

  step('after gatehouse logout there is no token, and the old one is refused');
  const left = await shell('logout');
  assert.equal(left.code, 0, left.stderr);
  const none = await shell('token');
  assert.notEqual(none.code, 0);
  assert.equal(none.stdout, '');
  assert.match(none.stderr, /gatehouse login/);
  const models = await fetch(`${publicUrl}/v1/models`, { headers: { authorization: `Bearer ${token.stdout.trim()}` } });
  assert.equal(models.status, 401);
});
