// SPDX-License-Identifier: Apache-2.0
// A program's User-Agent as people know the program. What is not recognised keeps its first words.

type Known = [name: string, sign: RegExp];

/** Those that carry others' names come first: Edge says Chrome, and Chrome says Safari. */
const browsers: Known[] = [
    ['Edge', /\bEdg(?:A|iOS)?\/\d/],
    ['Opera', /\bOPR\/\d/],
    ['Samsung Internet', /\bSamsungBrowser\/\d/],
    ['Firefox', /\b(?:Firefox|FxiOS)\/\d/],
    ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS)\/\d/],
    ['Safari', /\bVersion\/\d.*\bSafari\//],
];

const systems: Known[] = [
    ['iPhone', /\biPhone\b/],
    ['iPad', /\biPad\b/],
    ['Android', /\bAndroid\b/],
    ['ChromeOS', /\bCrOS\b/],
    ['Windows', /\bWindows\b/],
    ['macOS', /\bMac OS X\b|\bMacintosh\b/],
    ['Linux', /\bLinux\b|\bX11\b/],
];

/** With their version, and the machine's name where they tell it. */
const programs: Known[] = [
    ['Claude Code', /\bclaude-(?:code|cli)(?:\/(\d+\.\d+))?/i],
    ['Gatehouse', /^gatehouse(?:\/(\d+\.\d+))?\S*(?: \(([^)]+)\))?/i],
];

const named = (among: Known[], agent: string) => among.find(([, sign]) => sign.test(agent))?.[0];

/** "Chrome on Linux", "Claude Code 2.1", "Gatehouse 0.1 on laptop", "curl 8.5" */
export function clientName(agent: string): string {
    if (agent.trim() === '') return 'Unnamed client';
    for (const [name, sign] of programs) {
        const found = sign.exec(agent);
        if (!found) continue;
        const [, version, machine] = found;
        return `${name}${version ? ` ${version}` : ''}${machine ? ` on ${machine}` : ''}`;
    }
    const browser = named(browsers, agent);
    const system = named(systems, agent);
    if (browser) return system ? `${browser} on ${system}` : browser;
    const [, program = '', version] = /^([^\s/]+)(?:\/(\d+(?:\.\d+)?))?/.exec(agent) ?? [];
    return `${program.slice(0, 40)}${version ? ` ${version}` : ''}`;
}
