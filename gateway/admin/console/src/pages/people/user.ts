// SPDX-License-Identifier: Apache-2.0
// People as /v1/organizations/users gives them.
import type { Role } from '../../api';

export interface User {
    id: string;
    email: string | null;
    name: string | null;
    role: Exclude<Role, 'service'>;
    groups: string[];
    policy: string | null;
    last_seen_at: string;
    sessions: number;
    personal_keys: number;
}

export interface UserPage {
    data: User[];
    total: number;
    next_page: string | null;
}

export const nameOf = (user: User): string => user.name ?? user.email ?? user.id;
/** A policy is called by its place and by whom it is for; people know it by the latter. */
export const policyName = (policy: string): string => policy.replace(/^policies\[\d+\]: /, '');
export const pathOf = (id: string): string => `/console/people/${encodeURIComponent(id)}`;
export const apiOf = (id: string): string => `/v1/organizations/users/${encodeURIComponent(id)}`;
