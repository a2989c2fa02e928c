// SPDX-License-Identifier: Apache-2.0
// A developer's tool, in no test: the same flows against the reference gateway, which is inside the claude binary and
// needs PostgreSQL. `node run.mjs login --gateway reference` answers "what does the real one do here?".
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, run, start } from '../lib/processes.mjs';
import { until } from '../lib/wait.mjs';
import { claudeBinary, directory, gateway as address, scratch } from '../lib/world.mjs';

const postgres = process.env.E2E_POSTGRES ?? '/usr/lib/postgresql/15/bin';

export async function startReference(settings) {
  const database = await startPostgres();
  const file = join(scratch, 'reference.yaml');
  const store = { postgres_url: 'postgres://postgres@127.0.0.1:5432/postgres' };
  writeFileSync(file, JSON.stringify({ ...settings, store }, null, 2), { mode: 0o600 });
  const gateway = start('gateway', claudeBinary, ['gateway', '--config', file], {
    env: { CLAUDE_GATEWAY_ALLOW_LOOPBACK: '1', CLAUDE_GATEWAY_LOG_LEVEL: 'debug', HOME: directory('gateway-home') },
  });
  await answering(gateway, `http://${address.host}:${address.port}/readyz`);
  return { ...gateway, stop: async () => [await gateway.stop(), await database.stop()] };
}

async function startPostgres() {
  const data = directory('postgres');
  const user = Number((await run('id', ['-u', 'postgres'])).stdout);
  chownSync(data, user, user);
  const as = ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];
  const initdb = [`${postgres}/initdb`, '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync'];
  const made = await run('setpriv', [...as, ...initdb]);
  if (made.code !== 0) throw new Error(`initdb: ${made.stderr}`);
  const server = start('postgres', 'setpriv', [...as, `${postgres}/postgres`, '-D', data, '-k', data, '-F']);
  await until('PostgreSQL is ready', async () => (await run(`${postgres}/pg_isready`, ['-h', '127.0.0.1'])).code === 0);
  return server;
}
