// SPDX-License-Identifier: Apache-2.0
// The public API as the console calls it: with the browser's session, and the header that tells such a call from a
// forged one. Every failure becomes an ApiError whose message is a sentence for the person.

export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
        readonly requestId: string | null,
        readonly etag: string | null = null,
    ) {
        super(message);
    }
}

function sentence(status: number, message: string): string {
    if (status === 0) return 'The gateway cannot be reached. Check your connection and try again.';
    if (status >= 500) return 'The gateway could not answer. Its store may be away: try again in a minute.';
    return message || `The gateway answered ${status}.`;
}

async function fail(answer: Response): Promise<never> {
    let message = '';
    try {
        const body = (await answer.json()) as { error?: { message?: string } };
        message = body.error?.message ?? '';
    } catch {
        // Not JSON: the status says enough.
    }
    throw new ApiError(answer.status, sentence(answer.status, message), answer.headers.get('x-request-id'));
}

export function signIn(): void {
    const here = location.pathname + location.search;
    location.assign(`/login?return_to=${encodeURIComponent(here)}`);
}

export async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const all: Record<string, string> = { 'x-gatehouse-console': '1', ...headers };
    if (body !== undefined) all['content-type'] ??= 'application/json';
    let answer: Response;
    try {
        answer = await fetch(path, {
            method,
            headers: all,
            credentials: 'same-origin',
            cache: 'no-store',
            body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
        });
    } catch {
        throw new ApiError(0, sentence(0, ''), null);
    }
    if (!answer.ok) await fail(answer);
    return answer;
}

export async function get<T>(path: string): Promise<T> {
    return (await (await send('GET', path)).json()) as T;
}

export async function call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    return (await (await send(method, path, body, headers)).json()) as T;
}

/** Sends a file's text as it is. */
export async function upload<T>(path: string, text: string, type: string): Promise<T> {
    return (await (await send('POST', path, text, { 'content-type': type })).json()) as T;
}

/** Saves an answer as a file of the person's computer. */
export async function download(path: string, name: string): Promise<void> {
    const answer = await send('GET', path);
    const url = URL.createObjectURL(await answer.blob());
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
}

export type Role = 'developer' | 'finance' | 'admin' | 'service';

export interface Cap {
    amount: string | null;
    period: 'daily' | 'weekly' | 'monthly';
    source: { type: string; rbac_group_id?: string; user_id?: string } | null;
    period_to_date_spend: string;
    held: string;
    resets_at: string;
    reached: boolean;
    expires_at?: string;
}

export interface Me {
    user: { id: string; email: string; name: string; groups: string[] };
    role: Role;
    policy: {
        name: string | null;
        group: string | null;
        reason: string;
        restricts_models: boolean;
        limits: Record<string, unknown>;
    };
    models: { id: string; display_name: string; description: string }[];
    caps: Cap[];
    capped: boolean;
    gateway: { origin: string; version: string; sample: boolean };
    as_of: string;
}

export interface UseRow {
    amount: string;
    requests: number;
    input_tokens: number;
    output_tokens: number;
}

export interface OwnUsage {
    starting_at: string;
    ending_at: string;
    total: UseRow;
    days: (UseRow & { date: string; model: string | null })[];
    projects: (UseRow & { project: string | null })[];
}

export interface SessionRow {
    id: string;
    kind: 'browser' | 'device';
    client: string;
    address: string;
    created_at: string;
    last_used_at: string;
    current: boolean;
}

export interface KeyRow {
    id: string;
    name: string;
    created_at: string;
    expires_at: string;
    last_used_at: string | null;
}

export interface IncreaseRow {
    id: string;
    status: 'pending' | 'approved' | 'denied';
    period: string;
    reason: string;
    created_at: string;
    requested_amount: string | null;
    granted_amount: string | null;
    granted_until: string | null;
    note: string | null;
}
