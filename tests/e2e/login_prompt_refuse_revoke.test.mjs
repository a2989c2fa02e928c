// SPDX-License-Identifier: Apache-2.0
// The main job, once through: `/login` in the real CLI, sign-in in a real browser at a certified OpenID provider, a
// streamed answer with the organization's credential, a model that is not allowed, and a session that ends when its
// owner says so.
import assert from 'node:assert/strict';
import { approveDevice, openAccess } from './lib/browser.mjs';
import { claude, login } from './lib/claude.mjs';
import { answer, words } from './lib/provider.mjs';
import { scene } from './lib/scene.mjs';
import { providerKey, publicUrl } from './lib/world.mjs';

const policies = [{ match: { groups: ['engineering'] }, cli: { availableModels: ['claude-sonnet-5', 'claude-haiku-4-5'] } }];

await scene({ policies }, async ({ provider, tap, browser, step, terminal }) => {
  const cli = claude({ managed: true });

  step('the developer types /login and signs in with the company account');
  const window = await terminal(cli);
  await login(window, cli, ({ url, code }) => approveDevice(browser, { url, code, login: 'ada' }));
  const token = cli.credentials().enterpriseGateway.jwt;
  assert.ok(token, 'the CLI holds a token');

  step('claude -p shows the first word before the provider has said the second');
  const release = provider.hold();
  const first = `"text":${JSON.stringify(words[0])}`;
  const answered = await cli.prompt('say hi', { onOutput: (output) => output.includes(first) && release() });
  assert.equal(answered.code, 0, answered.said);
  assert.equal(answered.result.result, answer);

  step('the CLI has its managed settings, and both sides compute the same checksum of them');
  const settings = await fetch(`${publicUrl}/managed/settings`, { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual((await settings.json()).settings, policies[0].cli);
  const known = tap.to('/managed/settings').map(({ headers }) => headers['if-none-match']);
  assert.ok(known.includes(settings.headers.get('etag')), known.join(' '));

  step('the provider got what the CLI sent, with the credential of the organization and not that of the developer');
  const [sent] = tap.to('/v1/messages').slice(-1);
  const [received] = provider.messages().slice(-1);
  assert.equal(sent.headers.authorization, `Bearer ${token}`);
  assert.ok(sent.body.equals(received.body), 'the body is byte-identical');
  assert.equal(received.url, sent.url);
  const kept = Object.keys(sent.headers).filter((name) => name === 'content-type' || name.startsWith('anthropic-'));
  assert.ok(kept.includes('anthropic-beta') && kept.includes('anthropic-version'), kept.join(' '));
  for (const name of kept) assert.equal(received.headers[name], sent.headers[name], name);
  assert.equal(received.headers['x-api-key'], providerKey);
  assert.equal(received.headers.authorization, undefined);
  assert.ok(!JSON.stringify(received.headers).includes(token), "the developer's token is in no header");

  step('a model outside the allowlist is refused in words, and the provider is not asked');
  // The CLI knows the list from its managed settings; asked for another model it falls back to its own default, which is
  // not on the list either. It repeats the request with fewer features before it gives up.
  const asked = provider.messages().length;
  const refused = await cli.prompt('say hi', { model: 'claude-opus-5' });
  assert.equal(refused.code, 1, refused.said);
  assert.equal(refused.result.api_error_status, 400);
  assert.match(refused.result.result, /model claude-opus-[\d-]+ is not in your role's availableModels allowlist/);
  assert.equal(provider.messages().length, asked);

  step('the open terminal works too');
  await window.type('say hi');
  await window.see(new RegExp(answer));

  step('the developer revokes the session in the browser');
  await openAccess(browser, 'ada');
  const session = browser.page.getByRole('listitem').filter({ hasText: 'claude-code/' });
  assert.equal(await session.count(), 1, 'the CLI has one session in the list');
  await session.getByRole('button', { name: 'Revoke' }).click();
  await session.waitFor({ state: 'detached' });
  await browser.picture('revoked');

  step('the next request of the CLI asks to sign in');
  const ended = await cli.prompt('say hi');
  assert.equal(ended.code, 1, ended.said);
  assert.match(ended.stderr, /no longer accepts this session\. Start `claude` and sign in again with \/login/);
  await window.type('one more');
  await window.see(/Please run \/login/);
  assert.equal(provider.messages().length, asked + 1, 'the provider was asked by the open terminal only');
});
