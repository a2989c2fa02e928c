// SPDX-License-Identifier: Apache-2.0
// The developer's browser: the machine's Chromium, headless, and what a person does in it. Every page that a person
// would look at is saved as a picture among the artifacts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { artifacts, directory, publicUrl } from './world.mjs';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function startBrowser() {
  const context = await chromium.launchPersistentContext(directory('chromium'), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: flags,
    env: { PATH: '/usr/bin:/bin', HOME: directory('chromium-home'), TMPDIR: directory('chromium-tmp') },
    viewport: { width: 1000, height: 900 },
  });
  context.setDefaultTimeout(20_000);
  const page = context.pages()[0] ?? (await context.newPage());
  let shots = 0;
  const picture = (name) => {
    shots += 1;
    const path = join(artifacts, `${String(shots).padStart(2, '0')}-${name}.png`);
    return page.screenshot({ path, fullPage: true });
  };
  return { page, picture, stop: () => context.close() };
}

/// The identity provider's own pages, from wherever it asks: sign-in (unless its session still stands) and consent.
export async function signInAtIdp({ page, picture }, login) {
  const name = page.locator('input[name=login]');
  const consent = page.getByRole('button', { name: 'Continue' });
  await name.or(consent).first().waitFor();
  if (await name.isVisible()) {
    await picture('idp-sign-in');
    await name.fill(login);
    await page.locator('input[name=password]').fill('anything');
    await page.getByRole('button', { name: 'Sign-in' }).click();
  }
  await consent.waitFor();
  await picture('idp-consent');
  await consent.click();
}

/// Another person at this browser, at a page of the console: neither ours nor the identity provider's session is left.
export async function signInToConsole(browser, login, path) {
  const { page } = browser;
  await page.context().clearCookies();
  await page.goto(publicUrl + path);
  await signInAtIdp(browser, login);
  await page.waitForURL((url) => url.href.startsWith(publicUrl) && !url.pathname.startsWith('/oauth'));
  await page.locator('main h1').first().waitFor();
}

/// What a terminal asks for: open the address, type the code if the address has none, compare, approve, sign in.
export async function approveDevice(browser, { url, code, login }) {
  const { page, picture } = browser;
  await page.goto(url);
  if (!new URL(url).searchParams.has('user_code')) {
    await picture('device-code');
    await page.getByLabel(/code/i).fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL('**/device?user_code=**');
  }
  await picture('device');
  const shown = await page.innerText('body');
  assert.ok(shown.includes(code), `the page shows the terminal's code ${code}: ${shown}`);
  await page.locator('form button:not([formaction])').click();
  await signInAtIdp(browser, login);
  await page.waitForURL('**/oauth/callback?**');
  await picture('connected');
}

/// Opens the developer's own page, signing in on the way when this browser has not yet.
export async function openAccess(browser, login) {
  const { page, picture } = browser;
  await page.goto(`${publicUrl}/access`);
  if (!page.url().startsWith(publicUrl)) await signInAtIdp(browser, login);
  await page.waitForURL('**/access');
  await picture('access');
}
