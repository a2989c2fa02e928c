// SPDX-License-Identifier: Apache-2.0
// What somebody spent this month against their cap, for the cells of a table: the cells that are drawn together ask
// together, so that a page of fifty people is one call and nobody reads ten thousand to show fifty.
import { useQuery } from '@tanstack/react-query';
import { get, type Cap } from './api';
import { cents, money, percent } from './format';

type Month = Pick<Cap, 'amount' | 'period_to_date_spend' | 'source'> & { scope: { user_id: string } };

const most_at_once = 50;
let waiting = new Map<string, { resolve: (month: Month | null) => void; reject: (error: unknown) => void }[]>();

async function ask(batch: typeof waiting): Promise<void> {
    const ids = [...batch.keys()];
    try {
        const query = new URLSearchParams([['period[]', 'monthly'], ...ids.map((id) => ['user_ids[]', id])]);
        const { data } = await get<{ data: Month[] }>(`/v1/organizations/spend_limits/effective?${query}`);
        for (const [id, callers] of batch) {
            const month = data.find((row) => row.scope.user_id === id) ?? null;
            for (const caller of callers) caller.resolve(month);
        }
    } catch (error) {
        for (const callers of batch.values()) for (const caller of callers) caller.reject(error);
    }
}

function flush(): void {
    const all = [...waiting];
    waiting = new Map();
    for (let at = 0; at < all.length; at += most_at_once) void ask(new Map(all.slice(at, at + most_at_once)));
}

function monthOf(id: string): Promise<Month | null> {
    return new Promise((resolve, reject) => {
        if (waiting.size === 0) setTimeout(flush, 0);
        waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }]);
    });
}

/** `isSeen`: the groups of who was never at work are not known to the API, and so not what holds for them. */
export function MonthSpend({ id, isSeen = true }: { id: string; isSeen?: boolean }) {
    const month = useQuery({ queryKey: ['month', id], queryFn: () => monthOf(id), staleTime: 60_000 });
    if (month.isPending) return <span className="fine">…</span>;
    if (!month.data) return <span className="fine">{month.error ? 'Not known now' : money('0')}</span>;
    const { amount, period_to_date_spend: spent } = month.data;
    if (amount === null && !isSeen) return <>{money(spent)}</>;
    if (amount === null) return <>{money(spent)} <span className="fine">no cap</span></>;
    const used = percent(cents(spent), cents(amount));
    return (
        <span className="month">
            <span>{money(spent)} <span className="fine">of {money(amount)}</span></span>
            <svg className={`meter-track ${used >= 100 ? 'bad' : used > 75 ? 'warn' : ''}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect className="spent" x="0" y="0" height="8" width={Math.min(100, used)} />
            </svg>
        </span>
    );
}
