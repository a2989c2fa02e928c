// SPDX-License-Identifier: Apache-2.0
// The gateway under test: its gateway.yaml (JSON is YAML) and its process.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, run, start } from './processes.mjs';
import { directory, gateway as address, idp, oidcClient, provider, providerKey, publicUrl, scratch } from './world.mjs';

/// All of gateway.yaml but its store, which is the only part where gateways of this schema differ.
export function settings({ ttlSeconds = 3600, policies, admin, managed } = {}) {
  return {
    listen: { host: address.host, port: address.port, public_url: publicUrl },
    oidc: {
      issuer: idp.issuer,
      client_id: oidcClient.id,
      client_secret: oidcClient.secret,
      allowed_email_domains: ['example.com'],
      // OpenID Connect Core 11: without prompt=consent a provider gives no offline_access.
      extra_auth_params: { prompt: 'consent' },
    },
    session: { jwt_secret: randomBytes(32).toString('base64'), ttl_hours: ttlSeconds / 3600 },
    upstreams: [{ provider: 'anthropic', base_url: provider.url, auth: { api_key: providerKey } }],
    managed: { policies: policies ?? [{ match: { groups: ['engineering'] }, cli: {} }], ...managed },
    ...(admin && { admin }),
  };
}

/// Starts the gateway that run.mjs was asked to test; with `company`, on the store of a big one (tests/company).
export async function startGateway(options) {
  if (process.env.E2E_GATEWAY === 'reference') {
    const { startReference } = await import('../compare/reference.mjs');
    return startReference(settings(options));
  }
  const file = join(scratch, 'gateway.yaml');
  const store = { embedded: { dir: directory('store') } };
  writeFileSync(file, JSON.stringify({ ...settings(options), store }, null, 2), { mode: 0o600 });
  if (options?.company) {
    const filled = await run(process.env.E2E_COMPANY, [store.embedded.dir]);
    if (filled.code !== 0) throw new Error(`fill_company: ${filled.code} ${filled.stderr}`);
  }
  const gatehouse = start('gateway', process.env.E2E_GATEHOUSE, ['serve', '--config', file], {
    env: { GATEHOUSE_ALLOW_LOOPBACK: '1', HOME: directory('gateway-home') },
  });
  await answering(gatehouse, `http://${address.host}:${address.port}/readyz`);
  return gatehouse;
}
