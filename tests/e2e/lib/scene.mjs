// SPDX-License-Identifier: Apache-2.0
// One test from its start to its end: starts the parts, runs the steps, and on a failure says what step it was and what
// the parts said last. The test ends within its bound, whatever hangs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBrowser } from './browser.mjs';
import { startGateway } from './gateway.mjs';
import { startIdp } from './idp.mjs';
import { startProvider } from './provider.mjs';
import { startTap } from './tap.mjs';
import { artifacts } from './world.mjs';

const usual = 170_000;

/// `script` gets `{idp, provider, tap, gateway, browser, step, terminal}` and throws when something is not as it should.
/// `options.within`: its bound in ms.
export async function scene(options, script) {
  const bound = options.within ?? usual;
  const began = Date.now();
  const parts = { reached: 'starting the parts', diagnoses: [], stops: [] };
  const late = setTimeout(() => {
    console.error(`gave up after ${bound} ms in the step: ${parts.reached}`);
    process.exit(1); // the process namespace ends with this process, and so does everything in it
  }, bound);
  let failure;
  try {
    await play(options, script, parts);
  } catch (error) {
    failure = error;
    await explain(error, parts);
  }
  for (const stop of parts.stops.reverse()) await stop();
  clearTimeout(late);
  console.log(failure ? 'FAILED' : `passed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  process.exit(failure ? 1 : 0);
}

async function play(options, script, parts) {
  const opened = async (starting) => {
    const part = await starting;
    parts.stops.push(() => part.stop());
    return part;
  };
  const provider = await opened(startProvider());
  const idp = await opened(startIdp());
  const tap = await opened(startTap());
  parts.diagnoses.push(['requests of the clients', () => describe(tap.requests)]);
  const gateway = await opened(startGateway(options));
  parts.diagnoses.push(['gateway', () => gateway.output().split('\n').slice(-60).join('\n')]);
  const browser = await opened(startBrowser());
  parts.diagnoses.push(['browser', async () => `${browser.page.url()}\n${await browser.page.innerText('body')}`]);
  parts.stops.push(() => writeFileSync(join(artifacts, 'requests.txt'), describe(tap.requests)));
  const step = (what) => {
    parts.reached = what;
    console.log(`- ${what}`);
  };
  /// Opens the CLI's terminal as one more part.
  const terminal = async (cli, options) => {
    const window = await opened(cli.terminal(options));
    parts.diagnoses.push(['terminal', window.screen]);
    return window;
  };
  await script({ provider, idp, tap, gateway, browser, step, terminal });
}

async function explain(error, { reached, diagnoses }) {
  console.error(`failed in the step: ${reached}\n${error.stack}${error.cause ? `\ncaused by ${error.cause.stack}` : ''}`);
  for (const [name, say] of diagnoses) {
    const said = await Promise.resolve().then(say).catch((problem) => `(${problem.message})`);
    console.error(`\n== ${name}\n${said}`);
  }
}

/// One line per request. Queries are cut: what is long in them is a code, a state or a token.
function describe(requests) {
  const names = (headers) => Object.keys(headers).join(' ');
  return requests
    .map(({ method, url, headers, body }) => `${method} ${url.slice(0, 60)} ${body?.length ?? '…'} bytes [${names(headers)}]`)
    .join('\n');
}
