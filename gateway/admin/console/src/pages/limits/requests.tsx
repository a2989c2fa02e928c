// SPDX-License-Identifier: Apache-2.0
// Requests for a higher cap: who waits and what stands in their way, approving and denying, and what was decided.
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { DialogTrigger } from 'react-aria-components';
import { call, get } from '../../api';
import { Form, MomentField, MoneyField, Select, TextArea } from '../../form';
import { ago, cents, money, shareOf, timeOf } from '../../format';
import { DataTable } from '../../table';
import { Badge, Button, Empty, Loaded, Sheet } from '../../ui';
import {
    nameOf, periodChoices, periods, scopeWords, type Increase, type IncreasePreview, type Obstacle, type Period, type Standing, type Status,
} from './api';
import { Foreseen } from './foreseen';

const root = '/v1/organizations/spend_limit_increase_requests';

interface Page {
    data: Increase[];
    next_page: string | null;
}

const tones: Record<Status, 'info' | 'good' | 'bad' | 'neutral'> = {
    pending: 'info', approved: 'good', denied: 'bad', withdrawn: 'neutral', expired: 'neutral',
};
const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function useDecided(close: () => void) {
    const queries = useQueryClient();
    return async () => {
        await Promise.all(['increases', 'spend_limits', 'cap_standings', 'budgets'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
        close();
    };
}

function Spent({ standing }: { standing: Standing }) {
    return (
        <>
            {money(standing.period_to_date_spend)} of {standing.amount === null ? 'no cap' : money(standing.amount)}
            {standing.amount !== null && cents(standing.amount) > 0 && ` (${shareOf(cents(standing.period_to_date_spend), cents(standing.amount))})`}
            {cents(standing.held) > 0 && <>, {money(standing.held)} set aside</>}
        </>
    );
}

const obstacleWords = (each: Obstacle) =>
    `${periods[each.period]} cap of ${each.amount === null ? 'nothing' : money(each.amount)} for ${scopeWords(each.scope, 'them')}`;

function Obstacles({ list, after }: { list: Obstacle[]; after?: boolean }) {
    if (list.length === 0) return <>{after ? 'Nothing: they could go on at once.' : 'Nothing: they are below their caps.'}</>;
    return (
        <ul className="blocked">
            {list.map((each) => (
                <li key={each.spend_limit_id}>
                    {obstacleWords(each)}
                    {!after && <>{' '}<Badge tone={each.lifted_by_approval ? 'good' : 'warn'}>{each.lifted_by_approval ? 'An approval lifts it' : 'Stays'}</Badge></>}
                    {each.why && <span className="fine"> {capitalized(each.why)}.</span>}
                </li>
            ))}
        </ul>
    );
}

function Approve({ request, close }: { request: Increase; close: () => void }) {
    const [amount, setAmount] = useState(request.requested_amount ?? '');
    const [period, setPeriod] = useState<Period>(request.period);
    const [ends, setEnds] = useState('');
    const [note, setNote] = useState('');
    const decided = useDecided(close);
    const order = { amount, period, ...(ends ? { expires_at: ends } : {}), ...(note ? { note } : {}) };
    const asText = JSON.stringify({ ...order, note: undefined });
    const preview = useMutation({
        mutationFn: async () => ({ of: asText, then: await call<IncreasePreview>('POST', `${root}/${request.id}/preview`, order) }),
    });
    const approve = useMutation({ mutationFn: () => call('POST', `${root}/${request.id}/approve`, order), onSuccess: decided });
    const seen = preview.data?.of === asText ? preview.data.then : undefined;
    return (
        <Form label="Approve" error={approve.error ?? preview.error} onSubmit={() => (seen ? approve.mutate() : preview.mutate())}>
            <p>{nameOf(request.actor)} gets a cap of their own. They asked for {request.requested_amount ? money(request.requested_amount) : 'more, without an amount'}.</p>
            <MoneyField label="Amount" name="amount" value={amount} onChange={setAmount} isRequired autoFocus />
            <Select label="Period" name="period" value={period} onChange={setPeriod} choices={periodChoices} />
            <MomentField label="Ends" name="expires_at" value={ends} onChange={setEnds} help="Left empty it holds for good. Afterwards what held before holds again." />
            <TextArea label="Note to them" name="note" value={note} onChange={setNote} longest={1000} />
            {seen && (
                <Foreseen>
                    <p>They would have spent <Spent standing={seen.spend_summary} />.</p>
                    <div>What would still block them: <Obstacles list={seen.blocked_by} after /></div>
                </Foreseen>
            )}
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                {seen
                    ? <Button key="approve" look="primary" type="submit" isDisabled={approve.isPending}>Approve</Button>
                    : <Button key="see" look="primary" type="submit" isDisabled={preview.isPending}>See what it would do</Button>}
            </div>
        </Form>
    );
}

function Deny({ request, close }: { request: Increase; close: () => void }) {
    const [note, setNote] = useState('');
    const decided = useDecided(close);
    const deny = useMutation({ mutationFn: () => call('POST', `${root}/${request.id}/deny`, note ? { note } : {}), onSuccess: decided });
    return (
        <Form label="Deny" error={deny.error} onSubmit={() => deny.mutate()}>
            <p>{nameOf(request.actor)} is told so, with your note. They may ask again.</p>
            <TextArea label="Note to them" name="note" value={note} onChange={setNote} longest={1000} autoFocus help="Say why, or what else to do." />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="danger" type="submit" isDisabled={deny.isPending}>Deny</Button>
            </div>
        </Form>
    );
}

function Decision(props: { title: string; trigger: ReactNode; children: (close: () => void) => ReactNode }) {
    return <DialogTrigger>{props.trigger}<Sheet title={props.title} sticky>{props.children}</Sheet></DialogTrigger>;
}

function Waiting({ request, mayDecide }: { request: Increase; mayDecide: boolean }) {
    const name = nameOf(request.actor);
    return (
        <article className="request" aria-label={`Request of ${name}`}>
            <header className="card-head">
                <div>
                    <h2>{name} asks for {request.requested_amount ? money(request.requested_amount) : 'more'}</h2>
                    <p className="fine">{request.actor.email_address ?? request.actor.user_id} · {ago(request.created_at)}</p>
                </div>
                {mayDecide && (
                    <div className="actions">
                        <Decision title={`Approve for ${name}`} trigger={<Button look="primary" aria-label={`Approve for ${name}`}>Approve…</Button>}>
                            {(close) => <Approve request={request} close={close} />}
                        </Decision>
                        <Decision title={`Deny ${name}`} trigger={<Button aria-label={`Deny ${name}`}>Deny…</Button>}>
                            {(close) => <Deny request={request} close={close} />}
                        </Decision>
                    </div>
                )}
            </header>
            <blockquote>{request.reason}</blockquote>
            <dl className="facts">
                <dt>{periods[request.period]} spend</dt><dd><Spent standing={request.spend_summary} /></dd>
                <dt>What blocks them</dt><dd><Obstacles list={request.blocked_by} /></dd>
            </dl>
        </article>
    );
}

function answerOf(request: Increase): string {
    if (request.status !== 'approved' || !request.granted_amount) return request.note ?? '';
    const until = request.granted_until ? `, until ${timeOf(request.granted_until)}` : '';
    return `${money(request.granted_amount)} ${periods[request.granted_period ?? request.period].toLowerCase()}${until}${request.note ? `. ${request.note}` : ''}`;
}

function resolverOf(request: Increase): string {
    const by = request.resolved_by;
    if (by?.scoped_api_key_id) return `Key “${by.scoped_api_key_id}”`;
    if (by?.user_id) return nameOf({ user_id: by.user_id, name: by.name ?? null, email_address: by.email_address ?? null });
    return request.resolved_at ? 'The gateway' : '';
}

function useIncreases(name: string, statuses: Status[]) {
    return useInfiniteQuery({
        queryKey: ['increases', name],
        queryFn: ({ pageParam }) => get<Page>(
            `${root}?limit=200${statuses.map((status) => `&status[]=${status}`).join('')}${pageParam ? `&page=${encodeURIComponent(pageParam)}` : ''}`),
        initialPageParam: '',
        getNextPageParam: (last) => last.next_page ?? undefined,
    });
}

export function Requests({ mayDecide }: { mayDecide: boolean }) {
    const open = useIncreases('open', ['pending']);
    const past = useIncreases('past', ['approved', 'denied', 'withdrawn', 'expired']);
    return (
        <div className="stack">
            <Loaded from={open}>
                {({ pages }) => {
                    const waiting = pages.flatMap((page) => page.data);
                    return waiting.length === 0
                        ? <Empty title="Nobody waits for an answer">Who is capped can ask for more on their own page, or with <code>gatehouse request-increase</code>.</Empty>
                        : (
                            <>
                                {waiting.map((request) => <Waiting key={request.id} request={request} mayDecide={mayDecide} />)}
                                {open.hasNextPage && <Button isDisabled={open.isFetchingNextPage} onPress={() => void open.fetchNextPage()}>Load more</Button>}
                            </>
                        );
                }}
            </Loaded>
            <h2>Decided before</h2>
            <Loaded from={past}>
                {({ pages }) => (
                    <DataTable caption="Requests that were decided" prefix="past" rows={pages.flatMap((page) => page.data)} rowKey={(row) => row.id}
                        filter={(row) => `${nameOf(row.actor)} ${row.actor.email_address ?? ''} ${row.reason} ${row.status} ${answerOf(row)}`}
                        order={{ by: 'when', descending: true }} pageSize={20}
                        empty={<Empty title="No request was decided yet" />}
                        more={past.hasNextPage ? { load: () => void past.fetchNextPage(), busy: past.isFetchingNextPage } : undefined}
                        columns={[
                            { id: 'person', name: 'Person', sort: (row) => nameOf(row.actor), show: (row) => <span className="name">{nameOf(row.actor)}<span>{row.actor.email_address}</span></span> },
                            { id: 'reason', name: 'Why', show: (row) => row.reason },
                            { id: 'asked', name: 'Asked for', kind: 'figure', sort: (row) => (row.requested_amount === null ? null : cents(row.requested_amount)), show: (row) => (row.requested_amount ? money(row.requested_amount) : '–') },
                            { id: 'status', name: 'Answer', sort: (row) => row.status, show: (row) => <Badge tone={tones[row.status]}>{capitalized(row.status)}</Badge> },
                            { id: 'note', name: 'Words', show: answerOf },
                            { id: 'by', name: 'By', sort: (row) => resolverOf(row) || null, show: resolverOf },
                            { id: 'when', name: 'When', sort: (row) => row.resolved_at ?? row.created_at, show: (row) => ago(row.resolved_at ?? row.created_at) },
                        ]} />
                )}
            </Loaded>
        </div>
    );
}
