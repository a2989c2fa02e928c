// SPDX-License-Identifier: Apache-2.0
// /console/audit: who changed what, and who tried to and was refused. What is looked for stands in the address.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useActorNames, type ActorName } from '../actor';
import { ApiError, get, type Me } from '../api';
import { Differences, differencesOf, type Difference } from '../differences';
import { Checkbox, Chooser, DayField, Form, MultiChooser, type Choice } from '../form';
import { ago, timeOf } from '../format';
import { askedOf, go, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Badge, Button, Card, Empty, Loaded, PageHead, Sheet } from '../ui';

interface Event {
    id: string;
    created_at: string;
    actor: string;
    action: string;
    target_id: string | null;
    before: unknown;
    after: unknown;
    reason: string | null;
}

interface Answer { data: Event[]; has_more: boolean }

const actions: Choice[] = [
    { id: 'spend_limit', name: 'Spend limits', note: 'set and deleted' },
    { id: 'spend_limit_increase_request', name: 'Requests for more', note: 'made, approved, denied, taken back' },
    { id: 'policy', name: 'Policies', note: 'changed, and gone back to' },
    { id: 'service_key', name: 'Service keys', note: 'created, changed, rotated, revoked' },
    { id: 'user', name: 'People', note: 'sessions ended, keys revoked' },
    { id: 'paused_session', name: 'Paused sessions', note: 'resumed' },
    { id: 'store', name: 'The store', note: 'restored from a backup' },
];

const words: Record<string, string> = {
    'spend_limit.upsert': 'Set a spend limit',
    'spend_limit.delete': 'Deleted a spend limit',
    'spend_limit_increase_request.create': 'Asked for more',
    'spend_limit_increase_request.approve': 'Approved a request for more',
    'spend_limit_increase_request.deny': 'Denied a request for more',
    'spend_limit_increase_request.withdraw': 'Took a request for more back',
    'policy.update': 'Changed the policies',
    'policy.rollback': 'Went back to earlier policies',
    'service_key.create': 'Created a service key',
    'service_key.update': 'Changed a service key',
    'service_key.rotate': 'Rotated a service key',
    'service_key.revoke': 'Revoked a service key',
    'user.end_session': 'Ended a session',
    'user.end_sessions': 'Ended all sessions',
    'user.revoke_key': 'Revoked a personal key',
    'paused_session.resume': 'Resumed a session',
    'store.restore': 'Restored the store',
};

/** What has no words yet is shown by its name: "spend_limits.denied" is "Was refused: spend limits". */
function actionName(action: string): string {
    const known = words[action];
    if (known) return known;
    const [subject = '', verb = ''] = action.split('.');
    const name = subject.replaceAll('_', ' ');
    if (verb === 'denied') return `Was refused: ${name}`;
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${verb.replaceAll('_', ' ')}`;
}

interface Scope { type?: string; user_id?: string; rbac_group_id?: string }
interface Document { name?: unknown; period?: unknown; scope?: Scope; who?: { id: string; name?: string; email?: string } }

const documentOf = (value: unknown): Document | null => (typeof value === 'object' ? (value as Document | null) : null);
const scopeOf = (value: unknown): Scope | undefined => documentOf(value)?.scope;

/** Whom a cap or a request for more is about. */
function ownerOf({ scope, who }: Document, nameOf: ActorName): string | null {
    if (who) return who.name || who.email || who.id;
    if (!scope) return null;
    if (scope.type === 'organization') return 'everyone';
    if (scope.type === 'group_pool') return `${scope.rbac_group_id} together`;
    return scope.rbac_group_id ? `each of ${scope.rbac_group_id}` : nameOf(`oidc:${scope.user_id}`);
}

/** What the row is about, as people know it. What says no more than its id has none. */
function targetName(event: Event, nameOf: ActorName): string | null {
    if (event.action.startsWith('policy.')) return `Version ${event.target_id}`;
    const document = documentOf(event.after ?? event.before);
    if (document === null) return null;
    if (typeof document.name === 'string') return document.name;
    const whose = ownerOf(document, nameOf);
    if (whose === null) return null;
    return typeof document.period === 'string' ? `${whose}, ${document.period}` : whose;
}

const service = 'service:';

/** By the user id that requests of the key have. A key that was deleted keeps its id only. */
function useKeyNames(enabled: boolean): Map<string, string> {
    const keys = useQuery({
        queryKey: ['service_keys', 'names'],
        queryFn: () => get<{ data: { user_id: string; name: string }[] }>('/v1/organizations/service_keys?limit=1000'),
        enabled,
    });
    return useMemo(() => new Map(keys.data?.data.map((key) => [key.user_id, key.name])), [keys.data]);
}

const isDenied = (event: Event): boolean => event.action.endsWith('.denied');

/** The differences of policies come as values by path, cut short when they are long. */
function changesOf(event: Event): Difference[] {
    const values = (side: unknown) =>
        typeof side === 'object' && side !== null && 'values' in side ? (side as { values: Record<string, unknown> }).values : null;
    const before = values(event.before);
    const after = values(event.after);
    if (!before && !after) return differencesOf(event.before ?? undefined, event.after ?? undefined);
    const paths = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
    return paths.map((path) => ({
        path,
        ...(before && path in before ? { before: before[path] } : {}),
        ...(after && path in after ? { after: after[path] } : {}),
    }));
}

function Detail({ event, nameOf }: { event: Event; nameOf: ActorName }) {
    return (
        <div className="stack">
            <dl className="facts">
                <dt>When</dt><dd>{timeOf(event.created_at)}</dd>
                <dt>Who</dt><dd>{nameOf(event.actor)} <span className="fine mono">{event.actor}</span></dd>
                <dt>What</dt><dd>{actionName(event.action)} <span className="fine mono">{event.action}</span></dd>
                {event.target_id && <><dt>Of what</dt><dd>{targetName(event, nameOf)} <span className="fine mono">{event.target_id}</span></dd></>}
                {event.reason && <><dt>{isDenied(event) ? 'Refused because it' : 'Why'}</dt><dd>{event.reason}</dd></>}
            </dl>
            {!isDenied(event) && <Differences of={changesOf(event)} label="What changed" none="The row says nothing of what was before and after." />}
        </div>
    );
}

const filters = ['actor', 'action', 'target_id', 'starting_at', 'ending_at', 'denied'] as const;

function Filters(props: { actors: Choice[]; error: unknown }) {
    const query = useAddress().searchParams;
    const set = (name: string, value: string) => go(withQuery({ [name]: value || null, page: null }), true);
    const isAny = filters.some((name) => query.has(name));
    return (
        <Form label="Find" className="filters" error={props.error} onSubmit={() => undefined}>
            <Chooser label="Who" name="actor" value={query.get('actor') ?? ''} onChange={(value) => set('actor', value)} choices={props.actors} allowFree
                placeholder="Anybody" />
            <MultiChooser label="What" name="action" value={query.get('action')?.split(',').filter(Boolean) ?? []} onChange={(value) => set('action', value.join(','))}
                choices={actions} allowFree placeholder="Anything" />
            <Chooser label="Of what (id)" name="target_id" value={query.get('target_id') ?? ''} onChange={(value) => set('target_id', value)} choices={[]} allowFree
                empty="Write an id in full." placeholder="Any" />
            <DayField label="From (UTC)" name="starting_at" value={query.get('starting_at') ?? ''} onChange={(value) => set('starting_at', value)} />
            <DayField label="Before (UTC)" name="ending_at" value={query.get('ending_at') ?? ''} onChange={(value) => set('ending_at', value)} />
            <Checkbox label="Only refused attempts" name="denied" value={query.get('denied') === 'true'} onChange={(value) => set('denied', value ? 'true' : '')} />
            {isAny && (
                <Button look="quiet" onPress={() => go(withQuery({ ...Object.fromEntries(filters.map((name) => [name, null])), page: null }), true)}>
                    Clear
                </Button>
            )}
        </Form>
    );
}

export default function AuditPage({ me }: { me: Me }) {
    const query = useAddress().searchParams;
    const asked = askedOf(query, filters, 200);
    const trail = useInfiniteQuery({
        queryKey: ['audit', asked],
        queryFn: ({ pageParam }) => get<Answer>(`/v1/organizations/audit?${asked}${pageParam ? `&after_id=${pageParam}` : ''}`),
        initialPageParam: '',
        getNextPageParam: (last) => (last.has_more ? last.data.at(-1)?.id : undefined),
        placeholderData: (before) => before,
    });
    const rows = useMemo(() => trail.data?.pages.flatMap((page) => page.data) ?? [], [trail.data]);
    const isRefused = trail.error instanceof ApiError && trail.error.status === 400;
    const seen = [...new Set([`oidc:${me.user.id}`, ...rows.map((row) => row.actor)])];
    const capped = rows.flatMap(({ before, after }) => scopeOf(after ?? before)?.user_id ?? []);
    const nameOfPerson = useActorNames([...seen, ...capped.filter((id) => !id.startsWith(service)).map((id) => `oidc:${id}`)], me);
    const keyNames = useKeyNames(capped.some((id) => id.startsWith(service)));
    const nameOf: ActorName = (actor) => keyNames.get(actor.replace(/^oidc:/, '')) ?? nameOfPerson(actor);
    const actors = seen.map((id) => ({ id, name: nameOf(id), note: id }));
    const shown = rows.find((row) => row.id === query.get('event'));
    const columns: Column<Event>[] = [
        {
            id: 'when',
            name: 'When',
            sort: (row) => Number(row.id),
            show: (row) => <time dateTime={row.created_at} title={timeOf(row.created_at)}>{ago(row.created_at)}</time>,
        },
        { id: 'who', name: 'Who', sort: (row) => nameOf(row.actor), show: (row) => nameOf(row.actor) },
        {
            id: 'what',
            name: 'What',
            sort: (row) => row.action,
            show: (row) => <>{actionName(row.action)} {isDenied(row) && <Badge tone="bad">Refused</Badge>}</>,
        },
        {
            id: 'target',
            name: 'Of what',
            sort: (row) => targetName(row, nameOf) ?? row.target_id,
            show: (row) => <span className="wrap">{targetName(row, nameOf) ?? row.target_id}</span>,
        },
        { id: 'why', name: 'Why', show: (row) => <span className="wrap">{row.reason}</span> },
        {
            id: 'detail',
            name: 'Details',
            kind: 'actions',
            show: (row) => (
                <Button look="quiet" aria-label={`Details of ${actionName(row.action)}, ${timeOf(row.created_at)}`}
                    onPress={() => go(withQuery({ event: row.id }), true)}>Details</Button>
            ),
        },
    ];
    return (
        <>
            <PageHead title="Audit trail" lead="What admins changed, and what was tried without the right to." />
            <Card id="trail" title="Changes">
                <Filters actors={actors} error={isRefused ? trail.error : null} />
                {!isRefused && <Loaded from={trail} rows={8}>
                    {() => (
                        <DataTable caption="Changes" rows={rows} columns={columns} rowKey={(row) => row.id} order={{ by: 'when', descending: true }}
                            more={trail.hasNextPage ? { load: () => void trail.fetchNextPage(), busy: trail.isFetchingNextPage } : undefined}
                            empty={filters.some((name) => query.has(name))
                                ? <Empty title="Nothing like that">Take a filter away, or ask for a longer time.</Empty>
                                : <Empty title="Nothing yet">Every change of caps, keys and policies is written down here, with who made it and why.</Empty>} />
                    )}
                </Loaded>}
            </Card>
            <Sheet title={shown ? actionName(shown.action) : ''} wide open={shown !== undefined} onClose={() => go(withQuery({ event: null }), true)}>
                {(close) => shown && (
                    <>
                        <Detail event={shown} nameOf={nameOf} />
                        <div className="dialog-foot"><Button onPress={close}>Close</Button></div>
                    </>
                )}
            </Sheet>
        </>
    );
}
