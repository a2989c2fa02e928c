// SPDX-License-Identifier: Apache-2.0
// How figures are said.
import assert from 'node:assert/strict';
import test from 'node:test';
import { source } from './source.mjs';

const { shareOf } = await source('format.ts');

test('a share is in whole percent', () => {
  assert.equal(shareOf(1, 4), '25%');
  assert.equal(shareOf(7, 4), '175%');
  assert.equal(shareOf(0, 4), '0%');
});

test('what rounds to nothing and is not is less than a percent', () => {
  assert.equal(shareOf(1, 10_000), '< 1%');
  assert.equal(shareOf(4.99, 1_000), '< 1%');
  assert.equal(shareOf(5, 1_000), '1%');
});

test('there is no share of nothing', () => assert.equal(shareOf(3, 0), '–'));
