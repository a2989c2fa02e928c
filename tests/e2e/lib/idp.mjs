// SPDX-License-Identifier: Apache-2.0
// The company's identity provider in a test: the certified OpenID provider `oidc-provider` with one client, its own
// plain sign-in and consent pages, and accounts made from the login name. It signs, rotates and revokes by itself; this
// file only configures it and counts what it was asked.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { idp, oidcClient, publicUrl } from './world.mjs';

/// Groups by login name; everybody else is in none.
const groups = { ada: ['engineering'], fay: ['finance', 'admins'], finn: ['finance'] };

export async function startIdp() {
  const provider = new Provider(idp.issuer, configuration());
  const refreshes = { granted: 0, refused: 0 };
  const isRefresh = (ctx) => ctx.oidc?.params?.grant_type === 'refresh_token';
  provider.on('grant.success', (ctx) => isRefresh(ctx) && refreshes.granted++);
  provider.on('grant.error', (ctx) => isRefresh(ctx) && refreshes.refused++);
  const grants = new Set();
  provider.on('grant.success', (ctx) => grants.add(ctx.oidc.entities.Grant?.jti));

  const server = createServer(provider.callback());
  await new Promise((resolve) => server.listen(idp.port, idp.host, resolve));
  return {
    refreshes,
    /// What an administrator does who throws a leaver out: every refresh token given so far is void.
    async revokeAll() {
      for (const grant of grants) {
        await provider.RefreshToken.adapter.revokeByGrantId(grant);
        await (await provider.Grant.find(grant))?.destroy();
      }
    },
    stop: () => server.close() && server.closeAllConnections(),
  };
}

function configuration() {
  return {
    clients: [
      {
        client_id: oidcClient.id,
        client_secret: oidcClient.secret,
        redirect_uris: [`${publicUrl}/oauth/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false, // the claims go into the id_token, as at Okta, Entra and Google
    findAccount: (_ctx, login) => ({ accountId: login, claims: () => ({ sub: login, ...claims(login) }) }),
    rotateRefreshToken: true,
    cookies: { keys: ['the test signs its cookies with this'] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  };
}

function claims(login) {
  return {
    name: login[0].toUpperCase() + login.slice(1),
    email: `${login}@example.com`,
    email_verified: true,
    groups: groups[login] ?? [],
  };
}
