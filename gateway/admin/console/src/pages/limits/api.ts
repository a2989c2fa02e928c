// SPDX-License-Identifier: Apache-2.0
// Caps and requests for more, as the API answers them.
export type ScopeType = 'organization' | 'rbac_group' | 'group_pool' | 'user';
export type Period = 'daily' | 'weekly' | 'monthly';

export interface Scope {
    type: ScopeType;
    rbac_group_id?: string;
    user_id?: string;
}

export interface Cap {
    id: string;
    scope: Scope;
    /** Cents; null is unlimited. */
    amount: string | null;
    period: Period;
    created_at: string;
    updated_at: string;
    expires_at?: string;
}

export interface Actor {
    user_id: string;
    name: string | null;
    email_address: string | null;
}

/** What somebody spent in a period, beside the cap that holds for them. */
export interface Standing {
    scope: { user_id: string };
    kind: 'person' | 'service';
    actor: Actor;
    amount: string | null;
    period: Period;
    source: Scope | null;
    period_to_date_spend: string;
    held: string;
}

export interface PoolStanding {
    amount: string | null;
    period: Period;
    source: Scope;
    period_to_date_spend: string;
    held: string;
}

export interface CapOrder {
    scope: Scope;
    amount: string | null;
    period: Period;
    expires_at?: string;
    reason?: string;
}

export interface CapPreview {
    spend_limit: Cap;
    replaces: Cap | null;
    known_people: number;
    applies_to: number;
    would_block: { actor: Actor; period_to_date_spend: string; held: string }[];
}

/** A cap that is reached. */
export interface Obstacle {
    spend_limit_id: string;
    scope: Scope;
    period: Period;
    amount: string | null;
    lifted_by_approval: boolean;
    why: string | null;
}

export type Status = 'pending' | 'approved' | 'denied' | 'withdrawn' | 'expired';

export interface Increase {
    id: string;
    status: Status;
    period: Period;
    created_at: string;
    resolved_at: string | null;
    resolved_by: (Partial<Actor> & { scoped_api_key_id?: string }) | null;
    reason: string;
    requested_amount: string | null;
    granted_amount: string | null;
    granted_period: Period | null;
    granted_until: string | null;
    note: string | null;
    actor: Actor;
    spend_limit_when_requested: Cap | null;
    spend_summary: Standing;
    blocked_by: Obstacle[];
}

export interface IncreasePreview {
    spend_limit: Cap;
    replaces: Cap | null;
    spend_summary: Standing;
    blocked_by: Obstacle[];
}

export const periods: Record<Period, string> = { daily: 'Daily', weekly: 'Weekly', monthly: 'Monthly' };
export const periodChoices = (Object.keys(periods) as Period[]).map((id) => ({ id, name: periods[id] }));

export const scopes: Record<ScopeType, { name: string; short: string; note: string }> = {
    organization: { name: 'Everyone', short: 'Organization', note: 'For each person, on their own spend.' },
    rbac_group: { name: 'Each member of a group', short: 'Each member', note: 'For each member, on their own spend.' },
    group_pool: { name: 'A group together', short: 'Group pool', note: 'One budget that its members share.' },
    user: { name: 'One person or service key', short: 'Person', note: 'Before what their groups and everyone have.' },
};

export const nameOf = (actor: Actor | undefined, id = ''): string => actor?.name || actor?.email_address || actor?.user_id || id;

/** "engineering together", "each of engineering", "everyone". */
export function scopeWords(scope: Scope, who?: string): string {
    switch (scope.type) {
        case 'organization': return 'everyone';
        case 'rbac_group': return `each of ${scope.rbac_group_id}`;
        case 'group_pool': return `${scope.rbac_group_id} together`;
        case 'user': return who || scope.user_id || '';
    }
}
