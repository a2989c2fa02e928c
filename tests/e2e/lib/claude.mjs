// SPDX-License-Identifier: Apache-2.0
// The real Claude Code CLI: its scratch home, its terminal (tmux is the screen and the keyboard), its print mode.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { until } from './wait.mjs';
import { claudeBinary, directory, publicUrl, scratch } from './world.mjs';

const managedSettings = { forceLoginMethod: 'gateway', forceLoginGatewayUrl: publicUrl };

/// What `$BROWSER` is: notes the address instead of opening it.
const opener = (file) => `#!/bin/sh\nprintf %s "$1" > ${file}\n`;

/// A developer's machine. `managed` puts the gateway's address where the company's device management would; `settings`
/// is the developer's own settings.json.
export function claude({ managed = false, env = {}, settings } = {}) {
  const home = directory('developer');
  const project = directory('developer/project');
  const opened = join(scratch, 'opened-in-browser');
  writeFileSync(join(scratch, 'open-in-browser'), opener(opened), { mode: 0o755 });
  if (managed) {
    mkdirSync('/etc/claude-code', { recursive: true });
    writeFileSync('/etc/claude-code/managed-settings.json', JSON.stringify(managedSettings));
  }
  if (settings) {
    mkdirSync(join(home, '.claude'), { recursive: true });
    writeFileSync(join(home, '.claude/settings.json'), JSON.stringify(settings));
  }
  const environment = {
    HOME: home,
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    CLAUDE_CODE_TMPDIR: directory('claude-tmp'), // else it shares one below /tmp with whoever else is that user
    BROWSER: join(scratch, 'open-in-browser'),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ...env,
  };
  return {
    home,
    /// The address that the CLI asked the browser to open.
    opened: () => until('the CLI opens the browser', () => existsSync(opened) && readFileSync(opened, 'utf8')),
    credentials: () => JSON.parse(readFileSync(join(home, '.claude/.credentials.json'), 'utf8')),
    command: (...args) => run(claudeBinary, args, { env: environment, cwd: project }),
    prompt: (text, options) => prompt(text, { environment, project, ...options }),
    terminal: (options) => openTerminal({ environment, project, ...options }),
  };
}

/// `claude -p`: how it ended, the result at the end of its event stream, and `said` for people.
async function prompt(text, { model = 'claude-sonnet-5', more = [], onOutput, environment, project }) {
  const format = ['--output-format', 'stream-json', '--verbose', '--include-partial-messages'];
  const ended = await run(claudeBinary, ['-p', text, '--model', model, ...more, ...format], { env: environment, cwd: project, onOutput });
  const events = ended.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const result = events.filter(({ type }) => type === 'result').at(-1);
  return { ...ended, result, said: `${result?.result ?? ''}\n${ended.stderr}` };
}

async function openTerminal({ model = 'claude-sonnet-5', environment, project }) {
  const socket = join(scratch, 'tmux.socket');
  const tmux = (...args) => run('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: { LANG: 'C.UTF-8' } });
  const assignments = Object.entries({ ...environment, TERM: 'xterm-256color' }).map(([key, value]) => `${key}=${value}`);
  const command = ['env', '-i', ...assignments, claudeBinary, '--model', model];
  const shape = ['-d', '-s', 'claude', '-x', '150', '-y', '50', '-c', project];
  // remain-on-exit: the last screen stays readable when the CLI ends by itself.
  const opened = await tmux('set-option', '-g', 'remain-on-exit', 'on', ';', 'new-session', ...shape, '--', ...command);
  if (opened.code !== 0) throw new Error(`tmux: ${opened.stderr}`);
  const screen = async () => (await tmux('capture-pane', '-p', '-J', '-t', 'claude')).stdout.trimEnd();
  const press = (...keys) => tmux('send-keys', '-t', 'claude', ...keys);
  const see = (pattern, options) => until(`the terminal shows ${pattern}`, async () => pattern.exec(await screen()), options);
  return {
    screen,
    press,
    see, // waits until the screen matches, and returns the match
    /// Selects an option of a menu and confirms it, again if the CLI draws the menu anew meanwhile.
    async choose(option) {
      await see(option);
      const taken = async () => {
        const drawn = await screen();
        if (!option.test(drawn)) return true;
        await press(new RegExp(`❯ ${option.source}`).test(drawn) ? 'Enter' : 'Down');
        return false;
      };
      await until(`the terminal takes ${option}`, taken, { every: 300 });
    },
    async type(line) {
      await press('-l', line);
      await see(new RegExp(`❯\\s${line}`));
      await press('Enter');
    },
    stop: () => tmux('kill-server'),
  };
}

/// The whole of `/login` at a first start, approved by `approve({url, code})`: from the theme question to the prompt.
export async function login(terminal, cli, approve) {
  await terminal.see(/Choose the text style/);
  await terminal.press('Enter');
  await terminal.see(/Cloud gateway[^]*Enter to connect/);
  await terminal.press('Enter');
  await terminal.choose(/Yes, trust this gateway/);
  const [, code] = await terminal.see(/Code:\s+([BCDFGHJ-NP-TV-Z]{4}-[BCDFGHJ-NP-TV-Z]{4})/);
  await approve({ url: await cli.opened(), code });
  await terminal.see(/Connected to Cloud gateway/);
  await terminal.press('Enter');
  await terminal.see(/Security notes/);
  await terminal.press('Enter');
  await terminal.choose(/Yes, I trust this folder/);
  await terminal.see(/Sonnet 5 · Cloud gateway/);
}
