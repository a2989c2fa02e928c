// SPDX-License-Identifier: Apache-2.0
// Runs one end-to-end test alone in its own world: a network namespace with nothing but loopback, a mount namespace
// with a private /etc, and a process namespace that takes every process of the test with it when it ends. ctest calls
// it (CMakeLists.txt), and people do: `node run.mjs login --gatehouse ../../build/dev/gatehouse`. Exit status 77 means
// that a part of the machine is missing; with CI=true that is a failure.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url)); // import.meta.dirname would fail where this file has to explain
const skipped = 77;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gatehouse: { type: 'string' },
    company: { type: 'string' },
    artifacts: { type: 'string', default: join(here, '../../build/e2e-artifacts') },
    gateway: { type: 'string', default: 'gatehouse' },
  },
});
const [name] = positionals;
const file = join(here, `${name}.test.mjs`);
if (!name || !existsSync(file)) {
  console.error('usage: node run.mjs <test> --gatehouse BINARY [--company FILL_COMPANY] [--artifacts DIR] [--gateway gatehouse|reference]');
  process.exit(2);
}

/// The namespaces; an account other than root gets them inside a user namespace of its own.
const unshare = [
  ...(process.getuid() === 0 ? [] : ['--map-root-user']),
  '--net', '--mount', '--propagation', 'private', '--pid', '--fork', '--mount-proc', '--kill-child',
];

const missing = [...missingRuntime(), ...missingFiles(), ...missingCommands()];
if (missing.length > 0) {
  console.error(`e2e.${name} cannot run here: ${missing.join('; ')}`);
  process.exit(process.env.CI === 'true' ? 1 : skipped);
}

// An empty directory to mount the test's tmpfs on: overlayfs accepts no overlay as its upper layer, tmpfs it does.
const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
const artifacts = resolve(options.artifacts, name);
rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts, { recursive: true });

const enter = `
  set -e
  ip link set lo up
  mount -t tmpfs -o mode=755 tmpfs "$E2E_SCRATCH"
  mkdir "$E2E_SCRATCH/etc" "$E2E_SCRATCH/etc.work"
  mount -t overlay overlay -o "lowerdir=/etc,upperdir=$E2E_SCRATCH/etc,workdir=$E2E_SCRATCH/etc.work" /etc
  exec "$0" "$@"`;
const { status, signal } = spawnSync('unshare', [...unshare, 'sh', '-c', enter, process.execPath, file], {
  stdio: 'inherit',
  env: {
    ...process.env,
    TMPDIR: scratch,
    E2E_SCRATCH: scratch,
    E2E_ARTIFACTS: artifacts,
    E2E_GATEWAY: options.gateway,
    E2E_GATEHOUSE: options.gatehouse ? resolve(options.gatehouse) : '',
    E2E_COMPANY: options.company ? resolve(options.company) : '',
  },
});
rmSync(scratch, { recursive: true, force: true });
if (signal) console.error(`e2e.${name} was ended by ${signal}`);
process.exit(status ?? 1);

function missingRuntime() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 11);
  return enough ? [] : [`Node.js 20.11 or newer is missing (this is ${process.versions.node})`];
}

function missingFiles() {
  const packages = join(here, 'node_modules');
  const needed = [
    [join(packages, 'oidc-provider'), 'oidc-provider (npm ci --ignore-scripts in tests/e2e)'],
    [join(packages, 'playwright-core'), 'playwright-core (npm ci --ignore-scripts in tests/e2e)'],
    [join(packages, 'axe-core'), 'axe-core (npm ci --ignore-scripts in tests/e2e)'],
    [join(packages, '@anthropic-ai/claude-code-linux-x64/claude'), 'claude (npm ci --ignore-scripts in tests/e2e)'],
    ['/usr/bin/chromium', 'Chromium (apt-get install chromium)'],
  ];
  if (options.gateway === 'gatehouse') needed.push([resolve(options.gatehouse ?? 'gatehouse'), 'the gatehouse binary']);
  return needed.filter(([path]) => !readable(path)).map(([, what]) => `${what} is missing`);
}

function missingCommands() {
  const absent = ['tmux', 'ip', 'unshare'].filter(
    (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0,
  );
  if (absent.length > 0) return absent.map((command) => `the command ${command} is missing`);
  const attempt = spawnSync('unshare', [...unshare, 'true'], { encoding: 'utf8' });
  return attempt.status === 0 ? [] : [`namespaces are not allowed: ${attempt.stderr.trim()}`];
}

function readable(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
