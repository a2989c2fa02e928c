// SPDX-License-Identifier: Apache-2.0
// A module of the console as the browser would load it.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const built = process.env.GATEHOUSE_CONSOLE;
if (!built) throw new Error('GATEHOUSE_CONSOLE must name the directory that the console was built in');

export async function source(path) {
  const { build } = createRequire(join(built, 'package.json'))('esbuild');
  const made = await build({ entryPoints: [join(built, 'src', path)], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].text).toString('base64')}`);
}
