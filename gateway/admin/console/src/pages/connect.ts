// SPDX-License-Identifier: Apache-2.0
// The lines that connect a client to this gateway, to copy.

export interface Step {
    words: string;
    code?: string;
    label?: string;
}

export interface Connection {
    id: string;
    name: string;
    steps: Step[];
}

const managed = (origin: string) => JSON.stringify({
    forceLoginMethod: 'gateway', forceLoginGatewayUrl: origin, parentSettingsBehavior: 'merge',
}, null, 2);

const helper = (origin: string) => JSON.stringify({
    apiKeyHelper: 'gatehouse token', env: { ANTHROPIC_BASE_URL: origin },
}, null, 2);

const claude = 'Then run claude, type /login, and approve the code that your terminal shows.';

export function connections(origin: string): Connection[] {
    return [
        {
            id: 'macos', name: 'macOS', steps: [
                { words: 'Tell Claude Code where to sign in:', label: 'managed settings on macOS',
                    code: `sudo mkdir -p "/Library/Application Support/ClaudeCode"\nsudo tee "/Library/Application Support/ClaudeCode/managed-settings.json" <<'END'\n${managed(origin)}\nEND` },
                { words: claude },
            ],
        },
        {
            id: 'linux', name: 'Linux', steps: [
                { words: 'Tell Claude Code where to sign in (WSL too):', label: 'managed settings on Linux',
                    code: `sudo mkdir -p /etc/claude-code\nsudo tee /etc/claude-code/managed-settings.json <<'END'\n${managed(origin)}\nEND` },
                { words: claude },
            ],
        },
        {
            id: 'windows', name: 'Windows', steps: [
                { words: 'In a PowerShell that was opened as administrator, tell Claude Code where to sign in:', label: 'managed settings on Windows',
                    code: `New-Item -ItemType Directory -Force "C:\\Program Files\\ClaudeCode" | Out-Null\n@'\n${managed(origin)}\n'@ | Set-Content "C:\\Program Files\\ClaudeCode\\managed-settings.json"` },
                { words: claude },
            ],
        },
        {
            id: 'helper', name: 'No administrator', steps: [
                { words: 'Without rights on the machine, sign in once with the gatehouse program:', label: 'sign in', code: `gatehouse login ${origin}` },
                { words: 'and put this into ~/.claude/settings.json (on Windows: %USERPROFILE%\\.claude\\settings.json):', label: 'user settings', code: helper(origin) },
            ],
        },
        {
            id: 'vscode', name: 'VS Code', steps: [
                { words: 'The Claude Code extension reads the same settings as the terminal: connect the terminal first. If the extension still asks you to sign in, turn that off in the settings of VS Code:',
                    label: 'VS Code settings', code: '"claudeCode.disableLoginPrompt": true' },
            ],
        },
        {
            id: 'sdk', name: 'SDKs and scripts', steps: [
                { words: 'Create a personal key below. In a shell on macOS and Linux:', label: 'shell', code: `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=<your key>` },
                { words: 'In PowerShell:', label: 'PowerShell', code: `$env:ANTHROPIC_BASE_URL = "${origin}"\n$env:ANTHROPIC_AUTH_TOKEN = "<your key>"` },
                { words: 'In Python; the TypeScript SDK reads the same variables, or takes baseURL and authToken:', label: 'Python',
                    code: `from anthropic import Anthropic\n\nclient = Anthropic(base_url="${origin}", auth_token="<your key>")` },
            ],
        },
    ];
}
