// SPDX-License-Identifier: Apache-2.0
// How a cap stands: what is spent and set aside of it, whose it is, and when it begins anew.
import type { Cap } from './api';
import { ago, cents, money, percent, timeOf } from './format';
import { Badge } from './ui';

export const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function sourceOf(cap: CapShown, whom: string): string {
    switch (cap.source?.type) {
        case 'user': return `set for ${whom}`;
        case 'rbac_group': return `each member of ${cap.source.rbac_group_id}`;
        case 'group_pool': return `shared by ${cap.source.rbac_group_id}`;
        case 'organization': return 'everyone’s cap';
        default: return '';
    }
}

export type CapShown = Omit<Cap, 'reached'> & { reached?: boolean };

export function CapMeter({ cap, whom = 'you' }: { cap: CapShown; whom?: string }) {
    const spent = percent(cents(cap.period_to_date_spend), cents(cap.amount));
    const held = percent(cents(cap.held), cents(cap.amount));
    const tone = cap.reached ? 'bad' : spent > 75 ? 'warn' : '';
    const source = sourceOf(cap, whom);
    return (
        <div className="meter">
            <div className="cap-line">
                <span><strong>{capitalized(cap.period)}</strong> <span className="fine">{source}</span></span>
                <span>
                    <strong>{money(cap.period_to_date_spend)}</strong> of {money(cap.amount)}{' '}
                    {cap.reached && <Badge tone="bad">Reached</Badge>}
                    {!cap.reached && tone === 'warn' && <Badge tone="warn">{Math.round(spent)}% used</Badge>}
                </span>
            </div>
            <svg className={`meter-track ${tone}`} viewBox="0 0 100 8" preserveAspectRatio="none" role="meter"
                aria-label={`${capitalized(cap.period)} cap, ${source}`}
                aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.min(100, Math.round(spent))}
                aria-valuetext={`${money(cap.period_to_date_spend)} of ${money(cap.amount)} spent`}>
                <rect className="spent" x="0" y="0" height="8" width={Math.min(100, spent)} />
                <rect className="held" x={Math.min(100, spent)} y="0" height="8" width={Math.max(0, Math.min(100 - spent, held))} />
            </svg>
            <p className="fine">
                {cents(cap.held) > 0 && <>{money(cap.held)} set aside for requests under way. </>}
                Resets {ago(cap.resets_at)}, {timeOf(cap.resets_at)}.
                {cap.expires_at && <> This temporary cap ends {timeOf(cap.expires_at)}.</>}
            </p>
        </div>
    );
}
