// SPDX-License-Identifier: Apache-2.0
// Bundles src/ with esbuild, compresses every file and writes them as one C++ table (gateway/admin/console_files.h).
//   node build.mjs <console_files.cpp>
// Fails when the script is more over the wire than a phone should have to load.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const most_script_bytes = 400 * 1024;
const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
if (!output) {
    console.error('build.mjs: name the C++ file to write');
    process.exit(2);
}

/** The library's own words in other languages: the console is in English, and they are a tenth of its script. */
const in_english = {
    name: 'in-english',
    setup: (build) =>
        build.onLoad({ filter: /react-(aria|aria-components|stately)\/.*\/intl\/(.*\/)?[a-z]{2}-[A-Z]{2}\.m?js$/ }, ({ path }) =>
            // Only en-US is ever asked for (main.tsx).
            path.includes('/en-US.') ? undefined : { contents: 'export default {};' }),
};

const result = await build({
    absWorkingDir: here,
    entryPoints: ['src/main.tsx'],
    outdir: 'out',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    jsx: 'automatic',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    plugins: [in_english],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
});

const type_of = (name) =>
    name.endsWith('.js') ? 'text/javascript;charset=utf-8'
    : name.endsWith('.css') ? 'text/css;charset=utf-8'
    : 'text/html;charset=utf-8';

const files = result.outputFiles.map((file) => ({ name: basename(file.path), bytes: Buffer.from(file.contents) }));
const entry = (kind) => files.find((file) => file.name.startsWith('main-') && file.name.endsWith(kind)).name;
const page = readFileSync(join(here, 'src/index.html'), 'utf8')
    .replace('{{script}}', entry('.js'))
    .replace('{{style}}', entry('.css'));
files.push({ name: 'index.html', bytes: Buffer.from(page) });

/** A C++ literal of any bytes. Octal escapes take at most three digits, so none swallows what follows. */
function literal(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 96) {
        text += '\n    "';
        for (const byte of bytes.subarray(at, at + 96))
            text += byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f
                ? String.fromCharCode(byte)
                : '\\' + byte.toString(8).padStart(3, '0');
        text += '"';
    }
    return `std::string_view(${text || '""'}, ${bytes.length})`;
}

let script = 0;
const rows = files.map(({ name, bytes }) => {
    const gzip = gzipSync(bytes, { level: 9 });
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    if (name.endsWith('.js')) script += gzip.length;
    console.log(`${name}: ${bytes.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}`);
    const etag = `\\"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}\\"`;
    return `    {"${name}", "${type_of(name)}", "${etag}",\n    ${[bytes, gzip, brotli].map(literal).join(',\n    ')}},\n`;
});
if (script > most_script_bytes) {
    console.error(`build.mjs: ${script} bytes of compressed script, more than ${most_script_bytes}`);
    process.exit(1);
}
console.log(`script over the wire: ${(script / 1024).toFixed(1)} KB gzip`);

writeFileSync(output, `// Generated from gateway/admin/console by build.mjs.
#include "gateway/admin/console_files.h"

#include <array>

// One literal for each file: longer than ISO C++ asks compilers to take.
#pragma clang diagnostic ignored "-Woverlength-strings"

namespace gatehouse::admin {
namespace {

constexpr std::array<ConsoleFile, ${rows.length}> files{{
${rows.join('')}}};

}  // namespace

std::span<const ConsoleFile> console_files() {
    return files;
}

}  // namespace gatehouse::admin
`);
