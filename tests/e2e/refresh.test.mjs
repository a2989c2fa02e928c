// SPDX-License-Identifier: Apache-2.0
// Short-lived tokens: the CLI refreshes silently for as long as the identity provider agrees. When it no longer does,
// the CLI asks to sign in, although the token it holds has not expired.
import assert from 'node:assert/strict';
import { approveDevice } from './lib/browser.mjs';
import { claude, login } from './lib/claude.mjs';
import { answer } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';

// The CLI refreshes a token that has less than five minutes left, so it refreshes this one at every start.
await scene({ ttlSeconds: 120 }, async ({ idp, provider, browser, step, terminal }) => {
  const cli = claude({ managed: true });
  const window = await terminal(cli);
  await login(window, cli, ({ url, code }) => approveDevice(browser, { url, code, login: 'ada' }));
  await window.stop();

  step('claude -p gets its answer, and the identity provider was asked on the way');
  const before = { ...cli.credentials().enterpriseGateway, granted: idp.refreshes.granted };
  const answered = await cli.prompt('say hi');
  assert.equal(answered.result?.result, answer, answered.said);
  const after = cli.credentials().enterpriseGateway;
  assert.ok(idp.refreshes.granted > before.granted, 'the identity provider has seen a refresh_token grant');
  assert.ok(after.expiresAt > before.expiresAt, 'the CLI has a younger token');
  assert.notEqual(after.idpRefreshToken, before.idpRefreshToken, 'the refresh token has rotated');

  step('the identity provider throws the developer out, and the CLI asks to sign in');
  const asked = provider.messages().length;
  await idp.revokeAll();
  const ended = await cli.prompt('say hi');
  assert.equal(ended.code, 1, ended.said);
  assert.equal(idp.refreshes.refused, 1);
  assert.match(ended.said, /sign in again with \/login|run \/login/);
  assert.equal(provider.messages().length, asked);
});
