// SPDX-License-Identifier: Apache-2.0
// Every page of the console, as the demo's sample fills it, and what opens over it, in light, in dark and on a phone:
// axe-core finds nothing, Escape closes what is open, nothing sticks out, nothing comes from elsewhere, and a picture of
// each is among the artifacts. The pages are those of the console's own navigation, so that a new one is looked at
// without being named here.
import assert from 'node:assert/strict';
import { colours, everything, violations } from './lib/axe.mjs';
import { startBrowser } from './lib/browser.mjs';
import { answering, start } from './lib/processes.mjs';
import { directory, publicUrl } from './lib/world.mjs';

const looks = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 900, runOnly: everything },
  // The same elements as in light: only what depends on colours can differ.
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 900, runOnly: colours },
  { name: 'phone', colorScheme: 'light', width: 390, height: 844, runOnly: everything },
];
/// Below the pages of the navigation; a star is the first link of that form on the page above.
const below = ['/console/spend?by=group', '/console/spend?by=model', '/console/spend/person/*', '/console/limits?tab=requests',
  '/console/policies/history', '/console/policies/explain?user=demo-carl&model=claude-haiku-4-5', '/console/people/*',
  '/console/keys/*'];
/// What opens over a page, and the button that opens it.
const dialogs = [
  ['/console/limits', 'New cap'], ['/console/limits?tab=requests', /^Approve/], ['/console/policies', /^Edit contractors/],
  ['/console/keys', 'Create a key'], ['/console/people/demo-fiona', /^End all/], ['/console/audit', /^Details/],
];

const began = Date.now();
const demo = start('demo', process.env.E2E_GATEHOUSE, ['demo', '--port', '8080', '--dir', directory('demo')], {
  env: { HOME: directory('demo-home') },
});
const browser = await startBrowser();
const { page, picture } = browser;
const faults = [];
let here = 'the sign-in';
page.on('console', (said) => { if (said.type() === 'error') faults.push(`${here}: the browser says ${said.text()}`); });
page.on('pageerror', (error) => faults.push(`${here}: ${error.message}`));
page.on('request', (request) => {
  if (request.url().startsWith('data:') || request.url().startsWith('blob:')) return;
  if (!signingIn && !request.url().startsWith(publicUrl)) faults.push(`${here}: asks ${request.url()}`);
});
let signingIn = true;

async function settled() {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.waiting'));
}

async function look(name) {
  for (const { name: form, colorScheme, width, height, runOnly } of looks) {
    here = `${name}, ${form}`;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const violation of await violations(page, runOnly)) faults.push(`${here}: ${violation}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) faults.push(`${here}: is ${wide} pixels wide`);
    await picture(`${name}-${form}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

let failed;
try {
  await answering(demo, `${publicUrl}/readyz`);
  for (const path of ['/', '/device', '/oauth/callback']) {
    await page.goto(publicUrl + path);
    await look(`sign-in${path.replaceAll('/', '-')}`);
  }
  await page.goto(`${publicUrl}/me`);
  await page.getByRole('button', { name: /Fiona/ }).click();
  await page.waitForURL(`${publicUrl}/me`);
  signingIn = false;
  await page.goto(`${publicUrl}/access`);
  await look('access');

  await page.goto(`${publicUrl}/me`);
  await settled();
  const links = await page.getByRole('navigation').getByRole('link').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.ok(links.length >= 8, `an admin has all pages: ${links}`);
  for (const path of [...links, ...below]) {
    here = path;
    if (path.endsWith('*')) {
      await page.goto(publicUrl + path.split('/').slice(0, 3).join('/'));
      await settled();
      const to = await page.locator(`main a[href^="${path.slice(0, -1)}"]`).first().getAttribute('href');
      await page.goto(publicUrl + to);
    } else {
      await page.goto(publicUrl + path);
    }
    await settled();
    await look(path.slice(1).replaceAll(/\W+/g, '-').replace(/-$/, ''));
  }
  for (const [path, name] of dialogs) {
    here = `${path}, ${name}`;
    await page.goto(publicUrl + path);
    await settled();
    const opener = page.getByRole('main').getByRole('button', { name }).first();
    await opener.click();
    const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
    await dialog.waitFor();
    await look(`${path.slice(1).replaceAll(/\W+/g, '-')}-dialog`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
} catch (error) {
  failed = error;
  await picture('failed').catch(() => {});
}
await browser.stop();
await demo.stop();
if (failed) console.error(`at ${here}: ${failed.stack}`);
for (const fault of [...new Set(faults)]) console.error(fault);
console.log(failed || faults.length > 0 ? 'FAILED' : `passed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
process.exit(failed || faults.length > 0 ? 1 : 0);
