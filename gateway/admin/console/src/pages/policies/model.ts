// SPDX-License-Identifier: Apache-2.0
// Policies as the API has them, and what they say in words.
import { call, get, send } from '../../api';
import type { Difference } from '../../differences';
import { count, plural } from '../../format';

export interface Policy {
    match: { groups?: string[]; email_domain?: string };
    cli: Record<string, unknown>;
    limits?: Record<string, unknown>;
}

export interface Version {
    version: number;
    source: 'file' | 'store';
    created_at: string | null;
    author: string;
    reason: string | null;
    base_version: number;
    document: { policies: Policy[] };
    in_force_version: number;
}

export interface Present extends Version {
    etag: string;
}

export interface Notice {
    path: string;
    message: string;
}

export interface Preview {
    counts: { known: number; changed: number; policy: number; models: number; settings: number; limits: number };
    has_more: boolean;
    users: {
        user_id: string;
        email_address: string;
        service: boolean;
        policy: { before: string | null; after: string | null; changed: boolean };
        models_gained: string[];
        models_lost: string[];
        settings_changed: string[];
        limits_changed: string[];
    }[];
    base_version: number;
    differences: Difference[];
    notices: Notice[];
}

export interface ModelRow {
    id: string;
    display_name: string;
    description: string;
    builtin: boolean;
    upstreams: string[];
}

export const root = '/v1/organizations/policies';

export async function readPresent(): Promise<Present> {
    const answer = await send('GET', root);
    return { ...((await answer.json()) as Version), etag: answer.headers.get('etag') ?? '' };
}

export const readModels = () => get<{ data: ModelRow[] }>('/v1/organizations/models');
export const tryOut = (policies: Policy[]) => call<Preview>('PUT', `${root}?dry_run=true`, { policies });

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => [name, sorted(of)]));
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

export const isForEveryone = (policy: Policy): boolean => !policy.match.groups?.length && !policy.match.email_domain;

export function whom(policy: Policy): string {
    if (isForEveryone(policy)) return 'Everyone';
    const parts = [...(policy.match.groups ?? [])];
    const domain = policy.match.email_domain;
    if (domain) parts.push(parts.length > 0 ? `with an address at ${domain}` : `Addresses at ${domain}`);
    return parts.join(', ');
}

/** "policies[1].cli.env" is "engineering: cli.env": nobody knows policies by their place. `later` is where the path leads. */
export const pathName = (later: Policy[]) => ({ path, before, after }: Difference): string => {
    const found = /^policies\[(\d+)\](?:\.(.*))?$/.exec(path);
    if (!found) return path;
    const isWhole = found[2] === undefined;
    const policy = isWhole ? ((after ?? before) as Policy | undefined) : later[Number(found[1])];
    if (!policy?.match) return path;
    if (!isWhole) return `${whom(policy)}: ${found[2]}`;
    return `${whom(policy)}: ${before === undefined ? 'a new policy' : after === undefined ? 'the policy is gone' : 'another policy'}`;
};

/** The models that it names; null when it names none, and everything or the base's list is open. */
export function modelsOf(policy: Policy): string[] | null {
    const models = policy.cli['availableModels'];
    return Array.isArray(models) ? models.map(String) : null;
}

export const settingsOf = (policy: Policy): string[] => Object.keys(policy.cli).filter((name) => name !== 'availableModels');

export const scopes = [
    { id: 'user', name: 'Each person or key' },
    { id: 'session', name: 'Each session' },
    { id: 'agent', name: 'Each agent' },
] as const;

export const figures = [
    { id: 'requests_per_minute', name: 'Requests a minute', unit: 'requests a minute' },
    { id: 'tokens_per_minute', name: 'Tokens a minute', unit: 'tokens a minute' },
    { id: 'dollars_per_minute', name: 'Dollars a minute', unit: 'dollars a minute' },
    { id: 'concurrent_requests', name: 'Requests at once', unit: 'requests at once' },
] as const;

type Figures = Record<string, number | null>;

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 9 });

export function limitLines(limits: Record<string, unknown> | undefined): string[] {
    const lines: string[] = [];
    for (const scope of scopes) {
        const held = limits?.[scope.id] as Figures | null | undefined;
        if (held === null) lines.push(`${scope.name}: no limits`);
        for (const figure of figures) {
            const value = held?.[figure.id];
            if (value === null) lines.push(`${scope.name}: no limit of ${figure.unit}`);
            else if (value !== undefined)
                lines.push(figure.id === 'dollars_per_minute' ? `${scope.name}: ${dollars.format(value)} a minute` : `${scope.name}: ${count(value)} ${figure.unit}`);
        }
    }
    const pause = limits?.['pause_session'] as Figures | null | undefined;
    if (pause === null) lines.push('Sessions are never paused');
    else if (pause !== undefined) {
        const bounds = [pause['dollars'] != null && dollars.format(pause['dollars']), pause['requests'] != null && plural(pause['requests'], 'request')];
        lines.push(`A session is paused at ${bounds.filter(Boolean).join(' or ')} within ${plural(pause['minutes'] ?? 60, 'minute')}`);
    }
    return lines;
}
