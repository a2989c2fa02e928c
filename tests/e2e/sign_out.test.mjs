// SPDX-License-Identifier: Apache-2.0
// Signing out in the CLI ends the session at the gateway too: the CLI finds the revocation endpoint in the metadata, and
// what it held is worth nothing afterwards.
import assert from 'node:assert/strict';
import { approveDevice } from './lib/browser.mjs';
import { claude, login } from './lib/claude.mjs';
import { scene } from './lib/scene.mjs';
import { publicUrl } from './lib/world.mjs';

await scene({}, async ({ tap, browser, step, terminal }) => {
  const cli = claude({ managed: true });
  const window = await terminal(cli);
  await login(window, cli, ({ url, code }) => approveDevice(browser, { url, code, login: 'ada' }));
  await window.stop();
  const { jwt, idpRefreshToken } = cli.credentials().enterpriseGateway;
  const models = () => fetch(`${publicUrl}/v1/models`, { headers: { authorization: `Bearer ${jwt}` } });
  assert.equal((await models()).status, 200);

  step('claude auth logout tells the gateway');
  const left = await cli.command('auth', 'logout');
  assert.equal(left.code, 0, left.stderr);
  const revoked = tap.to('/oauth/revoke').map(({ body }) => new URLSearchParams(String(body)).get('token'));
  assert.deepEqual(new Set(revoked), new Set([jwt, idpRefreshToken]));

  step('neither token works any longer');
  const refused = await models();
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('x-should-retry'), 'false');
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: idpRefreshToken });
  const refresh = await fetch(`${publicUrl}/oauth/token`, { method: 'POST', body: form });
  assert.equal(refresh.status, 401);
  assert.equal((await refresh.json()).error, 'invalid_grant');
});
