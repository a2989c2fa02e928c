// SPDX-License-Identifier: Apache-2.0
// /console/limits: what people, groups and everyone may spend, and who asks for more. Admins change it, finance reads.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { DialogTrigger, Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { call, get, type Me } from '../api';
import { ago, cents, dayOf, money } from '../format';
import { go, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Button, Card, Confirm, Empty, Loaded, PageHead, Sheet } from '../ui';
import { nameOf, periods, scopes, type Cap, type PoolStanding, type ScopeType, type Standing } from './limits/api';
import { CapForm, CapWords } from './limits/cap_form';
import { Requests } from './limits/requests';
import { UsedOf } from './spend/budgets';

interface Line {
    cap: Cap;
    /** Of a person: their name; of a group: its name. */
    who: string;
    detail: string;
    /** Null where each has their own. */
    spent: string | null;
    held: string | null;
    /** A temporary one of the same scope and period counts in its place. */
    isCovered: boolean;
}

const at_once = 100;
const keyWords = 'Service key';

/** How those stand who have a cap of their own. */
async function standingsOf(users: string[]): Promise<Map<string, Standing>> {
    const found = new Map<string, Standing>();
    for (let at = 0; at < users.length; at += at_once) {
        const ids = users.slice(at, at + at_once).map((id) => `user_ids[]=${encodeURIComponent(id)}`).join('&');
        const answer = await get<{ data: Standing[] }>(`/v1/organizations/spend_limits/effective?${ids}`);
        for (const each of answer.data) found.set(`${each.scope.user_id} ${each.period}`, each);
    }
    return found;
}

function linesOf(caps: Cap[], people: Map<string, Standing>, pools: PoolStanding[]): Line[] {
    const keyOf = (cap: Cap) => `${cap.scope.type} ${cap.scope.rbac_group_id ?? cap.scope.user_id ?? ''} ${cap.period}`;
    const temporary = new Set(caps.filter((cap) => cap.expires_at).map(keyOf));
    return caps.map((cap) => {
        const own = cap.scope.user_id ? people.get(`${cap.scope.user_id} ${cap.period}`) : undefined;
        const pool = cap.scope.type === 'group_pool'
            ? pools.find((each) => each.source.rbac_group_id === cap.scope.rbac_group_id && each.period === cap.period) : undefined;
        const who = cap.scope.type === 'organization' ? 'Everyone'
            : cap.scope.type === 'user' ? nameOf(own?.actor, cap.scope.user_id) : cap.scope.rbac_group_id ?? '';
        return {
            cap, who,
            detail: cap.scope.type === 'user' ? (own?.kind === 'service' ? keyWords : own?.actor.email_address ?? '') : '',
            spent: own?.period_to_date_spend ?? pool?.period_to_date_spend ?? null,
            held: own?.held ?? pool?.held ?? null,
            isCovered: !cap.expires_at && temporary.has(keyOf(cap)),
        };
    });
}

const rank: Record<Cap['period'], number> = { daily: 0, weekly: 1, monthly: 2 };
const order: ScopeType[] = ['organization', 'rbac_group', 'group_pool', 'user'];

function Actions({ line }: { line: Line }) {
    const queries = useQueryClient();
    const { cap, who } = line;
    const name = `the ${periods[cap.period].toLowerCase()} cap of ${who}`;
    const remove = async () => {
        await call('DELETE', `/v1/organizations/spend_limits/${cap.id}`);
        await queries.invalidateQueries({ queryKey: ['spend_limits'] });
    };
    return (
        <>
            <DialogTrigger>
                <Button look="quiet" aria-label={`Change ${name}`}>Change</Button>
                <Sheet title="Change the cap" sticky>{(close) => <CapForm cap={cap} who={who} close={close} />}</Sheet>
            </DialogTrigger>
            <Confirm title="Delete this cap?" action="Delete cap" run={remove} trigger={<Button look="quiet" aria-label={`Delete ${name}`}>Delete</Button>}>
                <p><CapWords cap={cap} who={who} /></p>
                <p>
                    From the next prompt on {cap.scope.type === 'user' ? 'what their groups or everyone have holds for them'
                        : cap.scope.type === 'group_pool' ? 'nothing bounds what the group spends together'
                        : 'what is further out, or nothing, holds instead'}. It can be set again.
                </p>
            </Confirm>
        </>
    );
}

function Caps({ mayWrite }: { mayWrite: boolean }) {
    const asked = useAddress().searchParams.get('scope');
    const scope = order.find((each) => each === asked);
    const caps = useInfiniteQuery({
        queryKey: ['spend_limits'],
        queryFn: ({ pageParam }) => get<{ data: Cap[]; has_more: boolean; last_id: string | null }>(
            `/v1/organizations/spend_limits?limit=1000${pageParam ? `&after_id=${pageParam}` : ''}`),
        initialPageParam: '',
        getNextPageParam: (last) => (last.has_more && last.last_id ? last.last_id : undefined),
    });
    const all = useMemo(() => caps.data?.pages.flatMap((page) => page.data) ?? [], [caps.data]);
    const users = useMemo(() => [...new Set(all.flatMap((cap) => cap.scope.user_id ?? []))].sort(), [all]);
    const people = useQuery({ queryKey: ['cap_standings', users], queryFn: () => standingsOf(users), enabled: users.length > 0, placeholderData: (before) => before });
    const pools = useQuery({ queryKey: ['pools'], queryFn: () => get<{ data: PoolStanding[] }>('/v1/organizations/spend_limits/pools') });
    const lines = useMemo(() => linesOf(all, people.data ?? new Map(), pools.data?.data ?? []), [all, people.data, pools.data]);
    const shown = useMemo(() => lines.filter((line) => !scope || line.cap.scope.type === scope), [lines, scope]);
    const columns: Column<Line>[] = [
        { id: 'who', name: 'For', sort: (line) => line.who, show: (line) => <span className="name">{line.who}{line.detail && line.detail !== keyWords && <span>{line.detail}</span>}</span> },
        { id: 'scope', name: 'Scope', sort: (line) => order.indexOf(line.cap.scope.type), show: (line) => (line.detail === keyWords ? keyWords : scopes[line.cap.scope.type].short) },
        { id: 'amount', name: 'Amount', kind: 'figure', sort: (line) => (line.cap.amount === null ? Number.MAX_VALUE : cents(line.cap.amount)), show: (line) => (line.cap.amount === null ? 'Unlimited' : money(line.cap.amount)) },
        { id: 'period', name: 'Period', sort: (line) => rank[line.cap.period], show: (line) => periods[line.cap.period] },
        { id: 'spent', name: 'Spent', kind: 'figure', sort: (line) => (line.spent === null ? null : cents(line.spent)), show: (line) => (line.spent === null ? <span className="fine">Each their own</span> : (
            <span className="name">{money(line.spent)}{cents(line.held) > 0 && <span>{money(line.held)} set aside</span>}</span>
        )) },
        { id: 'used', name: 'Used', kind: 'figure', sort: (line) => (line.spent !== null && cents(line.cap.amount) > 0 ? cents(line.spent) / cents(line.cap.amount) : null), show: (line) => (line.spent === null ? '–'
            : <UsedOf bare row={{ amount: line.cap.amount, period: line.cap.period, source: null, period_to_date_spend: line.spent, held: line.held ?? '0' }} />) },
        { id: 'ends', name: 'Ends', sort: (line) => line.cap.expires_at ?? null, show: (line) => (line.cap.expires_at
            ? <span className="name">{ago(line.cap.expires_at)}<span>{dayOf(line.cap.expires_at)}</span></span>
            : line.isCovered ? <span className="fine">Not in force now</span> : '–') },
        ...(mayWrite ? [{ id: 'actions', name: 'Actions', kind: 'actions', show: (line: Line) => <Actions line={line} /> } as Column<Line>] : []),
    ];
    return (
        <Loaded from={caps} rows={5}>
            {() => (
                <DataTable caption="Caps" rows={shown} columns={columns} rowKey={(line) => line.cap.id}
                    filter={(line) => `${line.who} ${line.detail} ${scopes[line.cap.scope.type].short} ${periods[line.cap.period]}`}
                    order={{ by: 'scope', descending: false }}
                    more={caps.hasNextPage ? { load: () => void caps.fetchNextPage(), busy: caps.isFetchingNextPage } : undefined}
                    tools={
                        <label className="inline-field">Scope
                            <select className="input" value={scope ?? ''} onChange={(event) => go(withQuery({ scope: event.currentTarget.value || null, page: null }), true)}>
                                <option value="">Any</option>
                                {order.map((each) => <option key={each} value={each}>{scopes[each].short}</option>)}
                            </select>
                        </label>
                    }
                    empty={<Empty title={scope ? 'No such cap' : 'Nothing is capped'}>{mayWrite
                        ? 'Begin with a cap for everyone: a monthly amount that nobody should pass without asking.'
                        : 'Whoever runs Gatehouse sets caps.'}</Empty>} />
            )}
        </Loaded>
    );
}

const tabs = [{ id: 'caps', name: 'Caps' }, { id: 'requests', name: 'Requests for more' }];

export default function LimitsPage({ me }: { me: Me }) {
    const mayWrite = me.role === 'admin';
    const asked = useAddress().searchParams.get('tab');
    const tab = tabs.find((each) => each.id === asked)?.id ?? 'caps';
    const waiting = useQuery({
        queryKey: ['increases', 'count'],
        queryFn: () => get<{ data: unknown[] }>('/v1/organizations/spend_limit_increase_requests?status[]=pending&limit=100'),
    });
    const count = waiting.data?.data.length ?? 0;
    return (
        <>
            <PageHead title="Limits" lead="What may be spent, by whom. Of several caps a person’s own comes first, then their groups’, then everyone’s; a group’s pool is checked besides."
                actions={mayWrite && (
                    <DialogTrigger>
                        <Button look="primary">New cap</Button>
                        <Sheet title="New cap" sticky>{(close) => <CapForm close={close} />}</Sheet>
                    </DialogTrigger>
                )} />
            <Card>
                <Tabs selectedKey={tab}
                    onSelectionChange={(key) => { if (key !== tab) go(withQuery({ tab: key === 'caps' ? null : String(key), q: null, sort: null, page: null, scope: null }), true); }}>
                    <TabList className="tabs" aria-label="Limits">
                        {tabs.map((each) => (
                            <Tab key={each.id} id={each.id} className="tab">{each.name}{each.id === 'requests' && count > 0 && ` (${count})`}</Tab>
                        ))}
                    </TabList>
                    <TabPanel id="caps"><Caps mayWrite={mayWrite} /></TabPanel>
                    <TabPanel id="requests"><Requests mayDecide={mayWrite} /></TabPanel>
                </Tabs>
            </Card>
        </>
    );
}
