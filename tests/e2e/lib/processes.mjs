// SPDX-License-Identifier: Apache-2.0
// The processes of a test: each one's output goes to a file among the artifacts, each one is ended by its own id.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifacts } from './world.mjs';
import { until } from './wait.mjs';

/// Starts a server-like process. `env` is its whole environment.
export function start(name, command, args, { env = {}, cwd } = {}) {
  const log = join(artifacts, `${name}.log`);
  const out = openSync(log, 'a');
  const child = spawn(command, args, { cwd, env: { PATH: '/usr/bin:/bin', ...env }, stdio: ['ignore', out, out] });
  closeSync(out);
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
  });
  return {
    name,
    output: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    ended: exited,
    running: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    signal: (which) => child.kill(which),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
      const end = await exited;
      clearTimeout(late);
      return end;
    },
  };
}

/// Waits until `url` answers 200, and fails at once when the process that should answer has ended.
export async function answering(process, url) {
  await until(`${process.name} answers ${url}`, async () => {
    if (!process.running()) return true;
    return (await fetch(url)).status === 200;
  });
  if (!process.running()) throw new Error(`${process.name} ended at its start:\n${process.output()}`);
}

/// Runs a command to its end: `{code, stdout, stderr}`. `env` is its whole environment. `onOutput` sees stdout and
/// stderr so far, at each piece that arrives.
export function run(command, args, { env = {}, cwd, within = 60_000, onOutput } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { PATH: '/usr/bin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { code: null, stdout: '', stderr: '' };
    const late = setTimeout(() => child.kill('SIGKILL'), within);
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (piece) => {
        result[stream] += piece;
        onOutput?.(result.stdout + result.stderr);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(late);
      resolve({ ...result, code: code ?? signal });
    });
  });
}
