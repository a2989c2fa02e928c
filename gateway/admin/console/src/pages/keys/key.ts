// SPDX-License-Identifier: Apache-2.0
// Service keys as /v1/organizations/service_keys gives them, and the lines that a program is set up with.

export interface ServiceKey {
    id: string;
    name: string;
    owner: string;
    groups: string[];
    allowed_cidrs: string[];
    rate_limits: Record<string, unknown>;
    disabled: boolean;
    expires_at: string | null;
    secrets: { created_at: string; expires_at: string | null }[];
    created_at: string;
    created_by: string;
    updated_at: string;
    status: 'active' | 'disabled' | 'expired';
    user_id: string;
    policy: string | null;
    last_used_at: string | null;
}

export interface KeyPage { data: ServiceKey[]; has_more: boolean; last_id: string | null }

export const root = '/v1/organizations/service_keys';
export const apiOf = (id: string): string => `${root}/${encodeURIComponent(id)}`;
export const pathOf = (id: string): string => `/console/keys/${encodeURIComponent(id)}`;

export const tones = { active: 'good', disabled: 'neutral', expired: 'bad' } as const;
export const statusName = { active: 'Active', disabled: 'Disabled', expired: 'Expired' } as const;

export const shellLines = (origin: string, secret: string): string =>
    `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=${secret}`;

export const workflowLines = (origin: string): string => `env:
  ANTHROPIC_BASE_URL: ${origin}
  ANTHROPIC_AUTH_TOKEN: \${{ secrets.GATEWAY_SERVICE_KEY }}
steps:
  - run: claude -p "summarise the failing tests" --output-format json`;
