// SPDX-License-Identifier: Apache-2.0
// axe-core in the page that is open: what it finds against the accessibility of what is shown, one line a finding.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
export const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

export async function violations(page, runOnly = everything) {
  await page.evaluate(axe);
  const found = await page.evaluate((options) => globalThis.axe.run(document, options), { runOnly, resultTypes: ['violations'] });
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)}: ${node.any[0]?.message ?? ''}`));
}
