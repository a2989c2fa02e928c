// SPDX-License-Identifier: Apache-2.0
// What the spend page asks the API: where in the spend somebody looks (the path), which month, and the shapes of answers.
import { cents } from '../../format';

/** How spend is told apart, and what the API calls it in `group_by[]` and as a filter. */
export type Kind = 'person' | 'group' | 'project' | 'model';

interface Words {
    field: 'user' | 'group' | 'project' | 'model';
    filter: string;
    one: string;
    many: string;
    none: string;
}

export const words: Record<Kind, Words> = {
    person: { field: 'user', filter: 'users[]', one: 'Person', many: 'People', none: 'Nobody known' },
    group: { field: 'group', filter: 'groups[]', one: 'Group', many: 'Groups', none: 'No group' },
    project: { field: 'project', filter: 'projects[]', one: 'Project', many: 'Projects', none: 'No project' },
    model: { field: 'model', filter: 'models[]', one: 'Model', many: 'Models', none: 'No model' },
};

export const kinds = Object.keys(words) as Kind[];
const isKind = (text: string): text is Kind => text in words;

export interface Step {
    kind: Kind;
    /** Empty: what has none. */
    value: string;
}

export interface Place {
    steps: Step[];
    person: string | null;
    day: string | null;
}

export const root = '/console/spend';
/** A path cannot hold an empty part. */
const nothing = '~';

/** What somebody typed may be no encoding at all. */
function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

/** /console/spend/group/engineering/person/ada/day/2026-11-12 */
export function placeAt(path: string): Place {
    const parts = path.slice(root.length).split('/').filter(Boolean).map(decoded);
    const place: Place = { steps: [], person: null, day: null };
    for (let at = 0; at + 1 < parts.length; at += 2) {
        const [name, value] = [parts[at]!, parts[at + 1]!];
        if (name === 'day' && /^\d{4}-\d\d-\d\d$/.test(value)) place.day = value;
        if (!isKind(name)) continue;
        place.steps.push({ kind: name, value: value === nothing ? '' : value });
        if (name === 'person') place.person = value;
    }
    return place;
}

export function pathOf(steps: Step[], day?: string): string {
    const parts = steps.flatMap((step) => [step.kind, step.value || nothing]);
    if (day) parts.push('day', day);
    return [root, ...parts.map(encodeURIComponent)].join('/');
}

export const monthNow = (now = new Date()): string => now.toISOString().slice(0, 7);

export function monthAfter(month: string, by = 1): string {
    const [year = 0, number = 1] = month.split('-').map(Number);
    return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

export interface CostRow {
    amount: string;
    requests: number;
    user?: string | null;
    user_email?: string | null;
    user_name?: string | null;
    group?: string | null;
    project?: string | null;
    model?: string | null;
    upstream?: string | null;
    session?: string | null;
    agent?: string | null;
}

export interface CostReport {
    data: { starting_at: string; ending_at: string; results: CostRow[] }[];
}

export interface Asked {
    month: string;
    width: '1d' | '1mo';
    by: string[];
    steps?: Step[];
    csv?: boolean;
}

export function reportPath(asked: Asked): string {
    const query = new URLSearchParams({
        starting_at: `${asked.month}-01`,
        ending_at: `${monthAfter(asked.month)}-01`,
        bucket_width: asked.width,
        limit: asked.width === '1d' ? '31' : '1',
    });
    for (const name of asked.by) query.append('group_by[]', name);
    for (const step of asked.steps ?? []) query.append(words[step.kind].filter, step.value);
    if (asked.csv) query.set('format', 'csv');
    return `/v1/organizations/cost_report?${query}`;
}

export const focusPath = (month: string): string =>
    `/v1/organizations/focus_export?starting_at=${month}-01&ending_at=${monthAfter(month)}-01`;

export const rowsOf = (report: CostReport | undefined): CostRow[] => report?.data.flatMap((bucket) => bucket.results) ?? [];
export const sumOf = (rows: readonly { amount: string }[]): number => rows.reduce((sum, row) => sum + cents(row.amount), 0);

/** Sessions, which a person's days are read from fastest, are kept for 62 days. */
export const hasSessions = (month: string, now = new Date()): boolean =>
    Date.parse(`${month}-01`) > now.getTime() - 61 * 86_400_000;

interface Totals {
    amount: string;
    requests: number;
}

export interface Summary {
    month: string;
    as_of: string;
    month_to_date: Totals;
    last_month: Totals;
    forecast: { amount: string; method: 'weekdays' | 'linear' | 'spent'; days_of_history: number } | null;
    unallocated: { no_group: Totals; no_project: Totals };
    price_book: string;
}

export interface BudgetRow {
    amount: string | null;
    period: 'daily' | 'weekly' | 'monthly';
    source: { type: string; rbac_group_id?: string; user_id?: string } | null;
    period_to_date_spend: string;
    held: string;
    expires_at?: string;
}

export interface Effective extends BudgetRow {
    kind: 'person' | 'service';
    scope: { user_id: string };
    actor: { user_id: string; name: string | null; email_address: string | null };
}

interface Compared {
    date: string;
    model: string | null;
    theirs_usd: string;
    ours_usd?: string;
    difference_usd?: string;
    description?: string;
}

export interface InvoiceCheck {
    format: string;
    first_date: string | null;
    last_date: string | null;
    total: { theirs_usd: string; ours_usd: string; difference_usd: string };
    results: Compared[];
    unmatched: { theirs: Compared[]; ours: Compared[] };
    ignored_rows: number;
}
