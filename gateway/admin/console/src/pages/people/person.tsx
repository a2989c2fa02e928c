// SPDX-License-Identifier: Apache-2.0
// One person: who they are, what holds for them and how it stands, and what they are signed in with, which an admin may
// end.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { DialogTrigger } from 'react-aria-components';
import { ApiError, call, get, type KeyRow, type Me } from '../../api';
import { capitalized, CapMeter, type CapShown } from '../../cap';
import { KeysTable, SessionsTable, type ListedSession } from '../../credentials';
import { Checkbox, Form, TextField } from '../../form';
import { ago, money, plural, timeOf } from '../../format';
import { Link } from '../../router';
import { Badge, Button, Card, Confirm, Empty, Loaded, PageHead, Sheet } from '../../ui';
import { apiOf, nameOf, policyName, type User } from './user';

interface Standing {
    caps: CapShown[];
    pools: CapShown[];
    now: { state: 'allowed' | 'blocked' | 'held'; until?: string | null };
}

interface Paused {
    user_id: string;
    session_id: string;
    paused_at: string;
    cost_cents: string;
    requests: number;
    why: string;
}

/** What changes when something of theirs ends; it may have been one's own. */
function useForget(id: string): () => Promise<void> {
    const queries = useQueryClient();
    return async () => {
        await queries.invalidateQueries({ queryKey: ['user', id] });
        void queries.invalidateQueries({ queryKey: ['people'] });
        void queries.invalidateQueries({ queryKey: ['me'] });
    };
}

function Who({ user }: { user: User }) {
    const explain = `/console/policies/explain?user=${encodeURIComponent(user.id)}`;
    return (
        <Card id="who" title="Who they are">
            <dl className="facts">
                <dt>Address</dt><dd>{user.email ?? <span className="fine">The identity provider names none</span>}</dd>
                <dt>Id</dt><dd className="mono">{user.id}</dd>
                <dt>Role</dt><dd>{capitalized(user.role)}</dd>
                <dt>Last seen</dt><dd>{ago(user.last_seen_at)} <span className="fine">{timeOf(user.last_seen_at)}</span></dd>
                <dt>Groups</dt>
                <dd>{user.groups.length > 0
                    ? <ul className="chips" aria-label="Groups">{user.groups.map((group) => <li key={group}>{group}</li>)}</ul>
                    : <span className="fine">None</span>}</dd>
                <dt>Policy</dt>
                <dd>{user.policy ? policyName(user.policy) : 'None: everything that is offered is open'}<p><Link to={explain}>Why, and which models</Link></p></dd>
            </dl>
        </Card>
    );
}

function Spend({ user }: { user: User }) {
    const standing = useQuery({
        queryKey: ['standing', user.id],
        queryFn: () => get<Standing>(`/v1/organizations/explain?user=${encodeURIComponent(user.id)}`),
    });
    const unknown = standing.error instanceof ApiError && standing.error.status === 400;
    return (
        <Card id="spend" title="Spend and caps" actions={
            <Link to={`/console/spend/person/${encodeURIComponent(user.id)}`}>Their spend by day</Link>
        }>
            {unknown ? <Empty title="Nothing spent">They have not sent a request yet.</Empty> : (
                <Loaded from={standing}>
                    {({ caps, pools, now }) => {
                        const capped = [...caps, ...pools].filter((cap) => cap.amount !== null);
                        const month = caps.find((cap) => cap.period === 'monthly');
                        return (
                            <div className="stack">
                                {now.state === 'blocked' && (
                                    <p><Badge tone="bad">Blocked</Badge> Requests are refused {now.until ? <>until {timeOf(now.until)}</> : 'until a cap is raised'}.</p>
                                )}
                                {capped.length === 0
                                    ? <Empty title={`${money(month?.period_to_date_spend)} this month, without a cap`}>
                                        <Link to="/console/limits">Set a limit</Link> for them, for a group of theirs, or for everyone.
                                    </Empty>
                                    : <div className="caps">{capped.map((cap, at) => <CapMeter key={at} cap={cap} whom="them" />)}</div>}
                            </div>
                        );
                    }}
                </Loaded>
            )}
        </Card>
    );
}

function PausedSessions({ user }: { user: User }) {
    const queries = useQueryClient();
    const paused = useQuery({
        queryKey: ['paused'],
        queryFn: () => get<{ data: Paused[] }>('/v1/organizations/paused_sessions?limit=1000'),
    });
    const theirs = paused.data?.data.filter((each) => each.user_id === user.id) ?? [];
    const resume = async (each: Paused) => {
        await call('POST', '/v1/organizations/paused_sessions/resume', { user_id: each.user_id, session_id: each.session_id });
        await queries.invalidateQueries({ queryKey: ['paused'] });
    };
    if (theirs.length === 0) return null;
    return (
        <Card id="paused" title="Paused sessions" note="They ran away and were stopped by a rule of the policy. The owner can resume them too.">
            <div className="scroll">
                <table>
                    <caption className="sr">Paused sessions</caption>
                    <thead><tr><th scope="col">Session</th><th scope="col">Paused</th><th scope="col">Why</th><th scope="col" className="num"><span className="sr">Resume it</span></th></tr></thead>
                    <tbody>
                        {theirs.map((each) => (
                            <tr key={each.session_id}>
                                <th scope="row" className="mono">{each.session_id}</th>
                                <td className="nowrap">{ago(each.paused_at)}</td>
                                <td>{capitalized(each.why)}</td>
                                <td className="num">
                                    <Confirm title="Resume this session?" action="Resume session" run={() => resume(each)}
                                        trigger={<Button aria-label={`Resume session ${each.session_id}`}>Resume</Button>}>
                                        <p>It goes on spending. It had cost {money(each.cost_cents)} in {plural(each.requests, 'request')} when it was stopped.</p>
                                    </Confirm>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Card>
    );
}

function Sessions({ user, me }: { user: User; me: Me }) {
    const forget = useForget(user.id);
    const sessions = useQuery({ queryKey: ['user', user.id, 'sessions'], queryFn: () => get<{ data: ListedSession[] }>(`${apiOf(user.id)}/sessions`) });
    const end = async ({ id }: ListedSession) => {
        await call('DELETE', `${apiOf(user.id)}/sessions/${encodeURIComponent(id)}`);
        await forget();
    };
    return (
        <Card id="sessions" title="Sessions" note="Where they are signed in.">
            <Loaded from={sessions}>
                {({ data }) => data.length === 0 ? <Empty title="Signed in nowhere">A session appears here when they sign in.</Empty> : (
                    <SessionsTable caption="Sessions" rows={data} end={end} warning={() => (
                        <>
                            Whatever uses it must sign in again. Requests under way are finished.
                            {user.id === me.user.id && ' It may be the one you are using.'}
                        </>
                    )} />
                )}
            </Loaded>
        </Card>
    );
}

function Keys({ user }: { user: User }) {
    const forget = useForget(user.id);
    const keys = useQuery({ queryKey: ['user', user.id, 'keys'], queryFn: () => get<{ data: KeyRow[] }>(`${apiOf(user.id)}/keys`) });
    const revoke = async ({ id }: KeyRow) => {
        await call('DELETE', `${apiOf(user.id)}/keys/${encodeURIComponent(id)}`);
        await forget();
    };
    return (
        <Card id="keys" title="Personal keys" note="For tools of theirs that cannot sign in.">
            <Loaded from={keys}>
                {({ data }) => data.length === 0
                    ? <Empty title="No personal keys">They make one at “Your access”.</Empty>
                    : <KeysTable caption="Personal keys" rows={data} revoke={revoke} />}
            </Loaded>
        </Card>
    );
}

function EndAll({ user, close }: { user: User; close: () => void }) {
    const forget = useForget(user.id);
    const [keysToo, setKeysToo] = useState(false);
    const [reason, setReason] = useState('');
    const end = useMutation({
        mutationFn: () => call('POST', `${apiOf(user.id)}/end_sessions`, { personal_keys: keysToo, reason }),
        onSuccess: () => { close(); void forget(); },
    });
    return (
        <Form onSubmit={() => end.mutate()} error={end.error}>
            <p>
                {plural(user.sessions, 'session')} of {nameOf(user)} will end on every gateway at once, refresh tokens too. Whoever the
                identity provider still knows can sign in again: block a leaver there first.
            </p>
            <Checkbox name="personal_keys" label={`Revoke personal keys too (${user.personal_keys})`} value={keysToo} onChange={setKeysToo}
                help="Tools that use them stop working. This cannot be undone." />
            <TextField name="reason" label="Why" value={reason} onChange={setReason} longest={500} help="For the audit trail." />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="danger" type="submit" isDisabled={end.isPending}>{keysToo ? 'End sessions and keys' : 'End all sessions'}</Button>
            </div>
        </Form>
    );
}

export default function Person({ id, me }: { id: string; me: Me }) {
    const user = useQuery({ queryKey: ['user', id], queryFn: () => get<User>(apiOf(id)) });
    return (
        <>
            <nav aria-label="Where you are">
                <ol className="crumbs"><li><Link to="/console/people">People</Link></li><li aria-current="page">{user.data ? nameOf(user.data) : id}</li></ol>
            </nav>
            {user.isError && !user.data && <PageHead title={id} />}
            <Loaded from={user} rows={6}>
                {(found) => (
                    <>
                        <PageHead title={nameOf(found)} lead={`${capitalized(found.role)}, last seen ${ago(found.last_seen_at)}.`} actions={
                            <>
                                <Link to={`/console/audit?target_id=${encodeURIComponent(id)}`}>What admins did about them</Link>
                                <DialogTrigger>
                                    <Button look="danger" isDisabled={found.sessions + found.personal_keys === 0}>End all sessions</Button>
                                    <Sheet title={`End all sessions of ${nameOf(found)}?`} alert>{(close) => <EndAll user={found} close={close} />}</Sheet>
                                </DialogTrigger>
                            </>
                        } />
                        <div className="grid2"><Who user={found} /><Spend user={found} /></div>
                        <PausedSessions user={found} />
                        <div className="grid2"><Sessions user={found} me={me} /><Keys user={found} /></div>
                    </>
                )}
            </Loaded>
        </>
    );
}
