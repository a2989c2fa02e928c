// SPDX-License-Identifier: Apache-2.0
// Budgets against what was spent: each person's cap of the present period, and the pools of groups.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { get } from '../../api';
import { cents, money, shareOf, timeOf } from '../../format';
import { go, Link, useAddress, withQuery } from '../../router';
import { DataTable } from '../../table';
import { Badge, Empty, Loaded } from '../../ui';
import { monthNow, pathOf, type BudgetRow, type Effective } from './api';

const periods = { daily: 'Today', weekly: 'This week', monthly: 'This month' } as const;
type Period = keyof typeof periods;

const usedOf = (row: BudgetRow) => (cents(row.amount) > 0 ? cents(row.period_to_date_spend) / cents(row.amount) : null);

/** How much of a cap is spent, in words and, where it matters, in colour. */
export function UsedOf({ row, bare = false }: { row: BudgetRow; bare?: boolean }) {
    if (row.amount === null) return <span className="fine">No cap</span>;
    const used = usedOf(row);
    if (used === null || used >= 1) return <Badge tone="bad">Reached</Badge>;
    const words = `${shareOf(cents(row.period_to_date_spend), cents(row.amount))}${bare ? '' : ' used'}`;
    return used >= 0.75 ? <Badge tone="warn">{words}</Badge> : <span>{words}</span>;
}

function sourceOf(row: BudgetRow): string {
    if (row.source === null) return '';
    const of = { organization: 'Organization', rbac_group: `Group ${row.source.rbac_group_id}`, user: 'Their own' }[row.source.type] ?? row.source.type;
    return row.expires_at ? `${of}, until ${timeOf(row.expires_at)}` : of;
}

function Pools({ period }: { period: Period }) {
    const pools = useQuery({ queryKey: ['pools'], queryFn: () => get<{ data: BudgetRow[] }>('/v1/organizations/spend_limits/pools') });
    return (
        <Loaded from={pools}>
            {({ data }) => {
                const rows = data.filter((row) => row.period === period);
                return (
                    <DataTable caption="Group pools" prefix="pool" rows={rows} rowKey={(row) => row.source?.rbac_group_id ?? ''}
                        order={{ by: 'used', descending: true }}
                        empty={<Empty title="No group has a pool in this period">A pool is one budget for the members of a group together. Admins set it under Limits.</Empty>}
                        columns={[
                            { id: 'group', name: 'Group pool', sort: (row) => row.source?.rbac_group_id ?? null, show: (row) => {
                                const group = row.source?.rbac_group_id ?? '';
                                return <Link to={pathOf([{ kind: 'group', value: group }])}>{group}</Link>;
                            } },
                            { id: 'cap', name: 'Budget', kind: 'figure', sort: (row) => (row.amount === null ? null : cents(row.amount)), show: (row) => (row.amount === null ? 'Unlimited' : money(row.amount)) },
                            { id: 'spent', name: 'Spent', kind: 'figure', sort: (row) => cents(row.period_to_date_spend), show: (row) => money(row.period_to_date_spend) },
                            { id: 'held', name: 'Set aside', kind: 'figure', show: (row) => money(row.held) },
                            { id: 'used', name: 'Used', kind: 'figure', sort: usedOf, show: (row) => <UsedOf row={row} bare /> },
                        ]} />
                );
            }}
        </Loaded>
    );
}

interface Page {
    data: Effective[];
    next_page: string | null;
}

export function Budgets({ month }: { month: string }) {
    const asked = useAddress().searchParams.get('period');
    const period = asked !== null && asked in periods ? (asked as Period) : 'monthly';
    const people = useInfiniteQuery({
        queryKey: ['budgets', period],
        queryFn: ({ pageParam }) => get<Page>(
            `/v1/organizations/spend_limits/effective?limit=1000&sort=spend_desc&period[]=${period}${pageParam ? `&page=${encodeURIComponent(pageParam)}` : ''}`),
        initialPageParam: '',
        enabled: month === monthNow(),
        getNextPageParam: (last) => last.next_page ?? undefined,
    });
    if (month !== monthNow())
        return <Empty title="Budgets are shown for the present">What a cap was in a month that is over is not kept. Choose the present month above.</Empty>;
    return (
        <div className="stack">
            <label className="inline-field">Period
                <select className="input" value={period} onChange={(event) => go(withQuery({ period: event.currentTarget.value, page: null }), true)}>
                    {Object.entries(periods).map(([id, name]) => <option key={id} value={id}>{name}</option>)}
                </select>
            </label>
            <Pools period={period} />
            <Loaded from={people} rows={6}>
                {({ pages }) => (
                    <DataTable caption="Budgets of people" rows={pages.flatMap((page) => page.data)} rowKey={(row) => row.scope.user_id}
                        filter={(row) => `${row.actor.name ?? ''} ${row.actor.email_address ?? ''} ${row.scope.user_id} ${sourceOf(row)}`}
                        order={{ by: 'used', descending: true }}
                        empty={<Empty title="Nobody has spent anything in this period" />}
                        more={people.hasNextPage ? { load: () => void people.fetchNextPage(), busy: people.isFetchingNextPage } : undefined}
                        columns={[
                            { id: 'person', name: 'Person', sort: (row) => row.actor.name || row.actor.email_address || row.scope.user_id, show: (row) => (
                                <span className="name">
                                    <Link to={pathOf([{ kind: 'person', value: row.scope.user_id }])}>{row.actor.name || row.actor.email_address || row.scope.user_id}</Link>
                                    <span>{row.kind === 'service' ? 'Service key' : row.actor.email_address}</span>
                                </span>
                            ) },
                            { id: 'source', name: 'Cap of', sort: (row) => sourceOf(row) || null, show: sourceOf },
                            { id: 'cap', name: 'Budget', kind: 'figure', sort: (row) => (row.amount === null ? null : cents(row.amount)), show: (row) => (row.amount === null ? '–' : money(row.amount)) },
                            { id: 'spent', name: 'Spent', kind: 'figure', sort: (row) => cents(row.period_to_date_spend), show: (row) => money(row.period_to_date_spend) },
                            { id: 'held', name: 'Set aside', kind: 'figure', sort: (row) => cents(row.held), show: (row) => money(row.held) },
                            { id: 'used', name: 'Used', kind: 'figure', sort: usedOf, show: (row) => <UsedOf row={row} bare /> },
                        ]} />
                )}
            </Loaded>
        </div>
    );
}
