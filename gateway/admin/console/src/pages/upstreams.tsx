// SPDX-License-Identifier: Apache-2.0
// /console/upstreams: how each provider answers, and the requests under way, as one replica sees them. It asks anew every
// few seconds until it is paused; what is looked for stands in the address.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { get } from '../api';
import { Chooser, Form, MultiChooser, type Choice } from '../form';
import { ago, clockOf, count, money, plural, timeOf } from '../format';
import { askedOf, go, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Badge, Button, Card, Empty, Loaded, PageHead, Waiting } from '../ui';

const MinuteChart = lazy(() => import('./upstream_chart'));

interface Replica { name: string; process_id: number; started_at: string }
interface Quantiles { p50: number | null; p95: number | null }

export interface Minute {
    starting_at: string;
    requests: number;
    failures: number;
    first_byte_ms: Quantiles;
}

interface Upstream {
    name: string;
    provider: string;
    health: 'healthy' | 'degraded' | 'failing' | 'idle';
    requests: number;
    failures: number;
    failure_rate: number;
    first_byte_ms: Quantiles;
    whole_answer_ms: Quantiles;
    last_success_at: string | null;
    last_failure: { at: string; http_status: number | null; reason: string | null } | null;
    minutes: Minute[];
}

type Status = 'waiting' | 'streaming' | 'succeeded' | 'canceled' | 'refused' | 'failed';

interface LiveRequest {
    id: string;
    status: Status;
    started_at: string;
    user: { id: string; email: string | null };
    service_key: string | null;
    model: string | null;
    upstream: string | null;
    session_id: string | null;
    http_status: number | null;
    reason: string | null;
    output_tokens: number;
    amount: string | null;
    milliseconds: number;
    first_byte_milliseconds: number | null;
}

interface Answer<Row> { as_of: string; replica: Replica; data: Row[] }
type Upstreams = Answer<Upstream> & { window_minutes: number };
type Requests = Answer<LiveRequest> & { under_way: number };

const every = 5_000;
/** A replica that has not answered for so long is no longer offered. */
const remembered = 120_000;

const nameOf = (replica: Replica): string => `${replica.name} (process ${replica.process_id})`;

/** The last answer of each replica that answered lately: a load balancer decides which one is asked. */
function useReplicas<T extends { as_of: string; replica: Replica }>(answer: T | undefined): T[] {
    const [seen, setSeen] = useState<T[]>([]);
    useEffect(() => {
        if (answer === undefined) return;
        setSeen((before) => [
            ...before.filter((each) => nameOf(each.replica) !== nameOf(answer.replica)
                && Date.parse(answer.as_of) - Date.parse(each.as_of) < remembered),
            answer,
        ]);
    }, [answer]);
    return seen;
}

function pick<T extends { replica: Replica }>(seen: T[], latest: T | undefined, wanted: string | null): T | undefined {
    return seen.find((each) => nameOf(each.replica) === wanted) ?? latest;
}

function duration(milliseconds: number | null): string {
    if (milliseconds === null) return '–';
    if (milliseconds < 1000) return `${count(Math.round(milliseconds))} ms`;
    const seconds = milliseconds / 1000;
    return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function rate(share: number): string {
    if (share === 0) return '0%';
    return share < 0.001 ? '< 0.1%' : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}

const healths = {
    healthy: { tone: 'good', name: 'Healthy' },
    degraded: { tone: 'warn', name: 'Some requests fail' },
    failing: { tone: 'bad', name: 'Failing' },
    idle: { tone: 'neutral', name: 'Not asked lately' },
} as const;

const reasons: Record<string, string> = {
    upstream_unreachable: 'could not be reached',
    upstream_cut: 'broke off an answer',
    deadline_passed: 'did not answer in time',
};

function failureText(failure: NonNullable<Upstream['last_failure']>): string {
    const what = failure.reason ? reasons[failure.reason] ?? failure.reason.replaceAll('_', ' ') : `answered ${failure.http_status}`;
    return `${what}, ${ago(failure.at)}`;
}

function UpstreamCard({ upstream, minutes }: { upstream: Upstream; minutes: number }) {
    const health = healths[upstream.health];
    const id = `upstream-${upstream.name}`;
    return (
        <Card id={id} title={upstream.name} note={upstream.provider} actions={<Badge tone={health.tone}>{health.name}</Badge>}>
            <div className="stack">
                <dl className="measures">
                    <div><dt>Requests</dt><dd>{count(upstream.requests)}</dd></div>
                    <div><dt>Failed</dt><dd>{rate(upstream.failure_rate)}</dd></div>
                    <div><dt>First byte, median</dt><dd>{duration(upstream.first_byte_ms.p50)}</dd></div>
                    <div><dt>First byte, p95</dt><dd>{duration(upstream.first_byte_ms.p95)}</dd></div>
                    <div><dt>Whole answer, median</dt><dd>{duration(upstream.whole_answer_ms.p50)}</dd></div>
                    <div><dt>Whole answer, p95</dt><dd>{duration(upstream.whole_answer_ms.p95)}</dd></div>
                </dl>
                {upstream.last_failure && (
                    <p className="fine" title={timeOf(upstream.last_failure.at)}>Last failure: it {failureText(upstream.last_failure)}.</p>
                )}
                {upstream.requests > 0
                    ? <Suspense fallback={<Waiting rows={2} />}><MinuteChart name={upstream.name} minutes={upstream.minutes} /></Suspense>
                    : <p className="fine">Nothing was asked of it in the last {minutes} minutes.</p>}
            </div>
        </Card>
    );
}

const statuses: Choice[] = [
    { id: 'waiting', name: 'Waiting', note: 'for the first byte' },
    { id: 'streaming', name: 'Streaming', note: 'the answer is on its way' },
    { id: 'succeeded', name: 'Succeeded' },
    { id: 'canceled', name: 'Canceled', note: 'the client left' },
    { id: 'refused', name: 'Refused', note: 'by a policy, a cap or a brake' },
    { id: 'failed', name: 'Failed', note: 'at the provider' },
];

const tones = { waiting: 'info', streaming: 'info', succeeded: 'good', canceled: 'neutral', refused: 'warn', failed: 'bad' } as const;

const who = (row: LiveRequest): string => row.user.email ?? row.user.id;

const columns: Column<LiveRequest>[] = [
    {
        id: 'started',
        name: 'Started',
        sort: (row) => Date.parse(row.started_at),
        show: (row) => <time dateTime={row.started_at} title={timeOf(row.started_at)}>{ago(row.started_at)}</time>,
    },
    { id: 'who', name: 'Who', sort: who, show: (row) => <span title={row.session_id ? `Session ${row.session_id}` : undefined}>{who(row)}</span> },
    { id: 'model', name: 'Model', sort: (row) => row.model, show: (row) => <span className="nowrap">{row.model ?? '–'}</span> },
    { id: 'upstream', name: 'Upstream', sort: (row) => row.upstream, show: (row) => row.upstream ?? '–' },
    {
        id: 'status',
        name: 'Status',
        sort: (row) => row.status,
        show: (row) => (
            <>
                <Badge tone={tones[row.status]}>{statuses.find((each) => each.id === row.status)?.name ?? row.status}</Badge>
                {row.reason && <span className="fine"> {row.reason.replaceAll('_', ' ')}</span>}
            </>
        ),
    },
    { id: 'output', name: 'Output tokens', kind: 'figure', sort: (row) => row.output_tokens, show: (row) => count(row.output_tokens) },
    {
        id: 'cost',
        name: 'Cost',
        kind: 'figure',
        sort: (row) => (row.amount === null ? null : Number(row.amount)),
        show: (row) => (row.amount === null ? '–' : money(row.amount)),
    },
    {
        id: 'time',
        name: 'Time',
        kind: 'figure',
        sort: (row) => row.milliseconds,
        show: (row) => <span title={`First byte: ${duration(row.first_byte_milliseconds)}`}>{duration(row.milliseconds)}</span>,
    },
];

const filters = ['user', 'model', 'upstream', 'status'] as const;

function Filters(props: { users: Choice[]; models: Choice[]; upstreams: Choice[] }) {
    const query = useAddress().searchParams;
    const set = (name: string, value: string) => go(withQuery({ [name]: value || null, page: null }), true);
    const isAny = filters.some((name) => query.has(name));
    return (
        <Form label="Find requests" className="filters" onSubmit={() => undefined}>
            <Chooser label="Who" value={query.get('user') ?? ''} onChange={(value) => set('user', value)} choices={props.users} allowFree
                placeholder="Anybody" />
            <Chooser label="Model" value={query.get('model') ?? ''} onChange={(value) => set('model', value)} choices={props.models} allowFree
                placeholder="Any" />
            <Chooser label="Upstream" value={query.get('upstream') ?? ''} onChange={(value) => set('upstream', value)} choices={props.upstreams}
                placeholder="Any" />
            <MultiChooser label="Status" value={query.get('status')?.split(',').filter(Boolean) ?? []}
                onChange={(value) => set('status', value.join(','))} choices={statuses} placeholder="Any" />
            {isAny && (
                <Button look="quiet" onPress={() => go(withQuery({ ...Object.fromEntries(filters.map((name) => [name, null])), page: null }), true)}>
                    Clear
                </Button>
            )}
        </Form>
    );
}

/** Each once, by name. */
function choicesOf(names: (string | null)[]): Choice[] {
    return [...new Set(names.filter((name): name is string => name !== null && name !== ''))].sort().map((id) => ({ id }));
}

export default function UpstreamsPage() {
    const query = useAddress().searchParams;
    const [isPaused, setPaused] = useState(false);
    const refetchInterval = isPaused ? false : every;
    const asked = askedOf(query, filters, 200);
    const upstreams = useQuery({
        queryKey: ['upstreams'], queryFn: () => get<Upstreams>('/v1/organizations/upstreams'), refetchInterval,
    });
    const requests = useQuery({
        queryKey: ['live_requests', asked],
        queryFn: () => get<Requests>(`/v1/organizations/live_requests?${asked}`),
        refetchInterval,
        placeholderData: (before) => before,
    });
    const replicas = useReplicas(upstreams.data);
    const wanted = query.get('replica');
    const shown = pick(replicas, upstreams.data, wanted);
    const shownRequests = pick(useReplicas(requests.data), requests.data, wanted);
    const rows = shownRequests?.data ?? [];
    const isFiltered = filters.some((name) => query.has(name));
    const anew = () => { void upstreams.refetch(); void requests.refetch(); };
    return (
        <>
            <PageHead
                title="Upstreams"
                lead={`How the providers answered in the last ${shown?.window_minutes ?? 15} minutes, and the requests under way. Each replica of the gateway tells of its own.`}
                actions={(
                    <>
                        <Button onPress={anew}>Refresh now</Button>
                        <Button aria-label={isPaused ? 'Resume refreshing' : 'Pause refreshing'} onPress={() => setPaused(!isPaused)}>
                            {isPaused ? 'Resume' : 'Pause'}
                        </Button>
                    </>
                )}
            />
            {shown && (
                <div className="replica">
                    {replicas.length > 1 ? (
                        <label>
                            <span>Replica</span>
                            <select className="input" value={wanted ?? ''} onChange={(event) => go(withQuery({ replica: event.currentTarget.value || null }), true)}>
                                <option value="">Whichever answers</option>
                                {replicas.map((each) => nameOf(each.replica)).sort().map((name) => <option key={name}>{name}</option>)}
                            </select>
                        </label>
                    ) : <p className="fine">Replica {nameOf(shown.replica)}, up since {timeOf(shown.replica.started_at)}.</p>}
                    <p className="fine">{isPaused ? 'Paused at' : 'As of'} {clockOf(shown.as_of)}</p>
                </div>
            )}
            <Loaded from={{ ...upstreams, data: shown }} rows={4}>
                {(answer) => answer.data.length === 0 ? (
                    <Empty title="No upstream is configured.">Add one to <code>upstreams</code> in gateway.yaml, and reload.</Empty>
                ) : (
                    <div className="grid2">
                        {answer.data.map((each) => <UpstreamCard key={each.name} upstream={each} minutes={answer.window_minutes} />)}
                    </div>
                )}
            </Loaded>
            <Card id="live" title="Requests"
                note={shownRequests && `${plural(shownRequests.under_way, 'request')} under way, and the last that ended. Never what was asked or answered.`}>
                <Filters users={choicesOf(rows.map(who))} models={choicesOf(rows.map((row) => row.model))}
                    upstreams={choicesOf(shown?.data.map((each) => each.name) ?? [])} />
                <Loaded from={{ ...requests, data: shownRequests }} rows={6}>
                    {(answer) => (
                        <DataTable caption="Requests" rows={answer.data} columns={columns} rowKey={(row) => row.id}
                            empty={isFiltered
                                ? <Empty title="No request fits.">Only those under way and the last few hundred are known: clear the filters, or look at the audit trail of the journal.</Empty>
                                : <Empty title="No request yet.">They appear here as soon as somebody works through this gateway: connect a client from <a href="/me">Your access</a>.</Empty>} />
                    )}
                </Loaded>
            </Card>
        </>
    );
}
