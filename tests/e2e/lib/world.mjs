// SPDX-License-Identifier: Apache-2.0
// The fixed facts of a test's private world: addresses, names, paths. Ports are constants because run.mjs gives every
// test a network of its own. The identity provider sits on another loopback address, so that to the browser it is
// another site, as in life.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export const scratch = process.env.E2E_SCRATCH;
export const artifacts = process.env.E2E_ARTIFACTS;
if (!scratch || !artifacts) throw new Error('start tests with run.mjs: it gives them a world of their own');

export const gateway = { host: '127.0.0.1', port: 8081 };
export const publicUrl = 'http://127.0.0.1:8080'; // the wire tap, in front of the gateway
export const idp = { host: '127.0.0.2', port: 9000, issuer: 'http://127.0.0.2:9000' };
export const provider = { host: '127.0.0.1', port: 9100, url: 'http://127.0.0.1:9100' };

export const oidcClient = { id: 'gatehouse', secret: 'the-gateway-and-the-idp-share-this' };
export const providerKey = 'sk-ant-e2e-the-organizations-own-provider-key';

const modules = join(import.meta.dirname, '../node_modules');
export const claudeBinary = join(modules, '@anthropic-ai/claude-code-linux-x64/claude');

/// A fresh directory below the scratch file system.
export function directory(name) {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  return path;
}
