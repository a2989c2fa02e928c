// SPDX-License-Identifier: Apache-2.0
// /me, the developer's page: what I may use and why, how my caps stand, what I used, my sessions and keys, and how to
// connect.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { DialogTrigger, Form, Input, Label, Tab, TabList, TabPanel, Tabs, TextArea, TextField } from 'react-aria-components';
import {
    call, get, signIn, type IncreaseRow, type KeyRow, type Me, type OwnUsage, type SessionRow,
} from '../api';
import { capitalized, CapMeter } from '../cap';
import { KeysTable, SessionsTable } from '../credentials';
import { ago, cents, count, money, plural, short, timeOf } from '../format';
import { Badge, Button, Card, Code, Copy, Empty, Loaded, PageHead, Problem, Sheet, Waiting } from '../ui';
import { connections } from './connect';
import { policyName } from './people/user';

interface PausedRow {
    user_id: string;
    session_id: string;
    service_key: string | null;
    paused_at: string;
    why: string;
}

const DayChart = lazy(() => import('../chart'));

/** What a rule stopped stands first: somebody waits for it. */
function Paused() {
    const queries = useQueryClient();
    const paused = useQuery({ queryKey: ['paused'], queryFn: () => get<{ data: PausedRow[] }>('/v1/me/paused_sessions') });
    const resume = useMutation({
        mutationFn: (row: PausedRow) =>
            call('POST', '/v1/me/paused_sessions/resume', { user_id: row.user_id, session_id: row.session_id }),
        onSettled: () => queries.invalidateQueries({ queryKey: ['paused'] }),
    });
    const rows = paused.data?.data ?? [];
    if (paused.error) return <Problem error={paused.error} retry={() => void paused.refetch()} />;
    return (
        <>
            {rows.length > 0 && (
                <div className="attention">
                    <Card id="paused" title={rows.length === 1 ? 'A session is paused' : `${rows.length} sessions are paused`}
                        note="Its policy stopped it because it looked like it ran away. Its requests are refused until you resume it.">
                        <ul className="paused">
                            {rows.map((row) => (
                                <li key={`${row.user_id} ${row.session_id}`}>
                                    <div>
                                        <p><strong className="mono">{row.session_id}</strong>{row.service_key && <> of the service key {row.service_key}</>}</p>
                                        <p>{capitalized(row.why)}.</p>
                                        <p className="fine">Paused {ago(row.paused_at)}, {timeOf(row.paused_at)}.</p>
                                    </div>
                                    <Button look="primary" isDisabled={resume.isPending} onPress={() => resume.mutate(row)}
                                        aria-label={`Resume session ${row.session_id}`}>Resume</Button>
                                </li>
                            ))}
                        </ul>
                    </Card>
                </div>
            )}
            {resume.error && <Problem error={resume.error} />}
            {resume.isSuccess && (
                <p className="good-news" role="status">
                    Session <span className="mono">{resume.variables.session_id}</span> goes on with its next request.
                </p>
            )}
        </>
    );
}

function AskForMore({ close, periods }: { close: () => void; periods: string[] }) {
    const queries = useQueryClient();
    const [period, setPeriod] = useState(periods[0] ?? 'monthly');
    const [dollars, setDollars] = useState('');
    const [reason, setReason] = useState('');
    const ask = useMutation({
        mutationFn: () => call('POST', '/v1/me/spend_limit_increase_requests', {
            period, reason, ...(dollars.trim() ? { amount: String(Math.round(Number(dollars) * 100)) } : {}),
        }),
        onSuccess: () => { void queries.invalidateQueries({ queryKey: ['increases'] }); close(); },
    });
    return (
        <Form className="fields" onSubmit={(event) => { event.preventDefault(); ask.mutate(); }}>
            <div className="field">
                <label htmlFor="ask-period">Which cap</label>
                <select id="ask-period" value={period} onChange={(event) => setPeriod(event.target.value)}>
                    {periods.map((each) => <option key={each} value={each}>{capitalized(each)}</option>)}
                </select>
            </div>
            <TextField className="field" value={dollars} onChange={setDollars}>
                <Label>New amount in dollars, if you know it</Label>
                <Input inputMode="decimal" pattern="[0-9]+(\.[0-9]{1,2})?" placeholder="150" />
            </TextField>
            <TextField className="field" value={reason} onChange={setReason} isRequired maxLength={1000}>
                <Label>Why you need more</Label>
                <TextArea rows={3} />
            </TextField>
            {ask.error && <Problem error={ask.error} />}
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={ask.isPending}>Send the request</Button>
            </div>
        </Form>
    );
}

function Caps({ me }: { me: Me }) {
    const capped = me.caps.filter((cap) => cap.amount !== null);
    const asked = useQuery({
        queryKey: ['increases'],
        queryFn: () => get<{ data: IncreaseRow[] }>('/v1/me/spend_limit_increase_requests?limit=5'),
        enabled: me.capped,
    });
    const own = capped.filter((cap) => cap.source?.type !== 'group_pool').map((cap) => cap.period);
    const periods = [...new Set(own.length > 0 ? own : capped.map((cap) => cap.period))];
    const spent = me.caps.find((cap) => cap.period === 'monthly' && cap.source?.type !== 'group_pool');
    return (
        <Card id="caps" title="Your spend and caps" actions={capped.length > 0 && (
            <DialogTrigger>
                <Button>Ask for more</Button>
                <Sheet title="Ask for a higher cap">{(close) => <AskForMore close={close} periods={periods} />}</Sheet>
            </DialogTrigger>
        )}>
            {capped.length === 0 ? (
                <Empty title={`${money(spent?.period_to_date_spend)} this month, without a cap`}>
                    Nobody has set a spend limit for you. What you use is still counted.
                </Empty>
            ) : <div className="caps">{capped.map((cap, at) => <CapMeter key={at} cap={cap} />)}</div>}
            {asked.data && asked.data.data.length > 0 && (
                <div className="scroll">
                    <table>
                        <caption className="sr">Your requests for a higher cap</caption>
                        <thead><tr><th scope="col" className="only-wide">Asked</th><th scope="col" className="only-wide">Cap</th><th scope="col">Why</th><th scope="col">Answer</th></tr></thead>
                        <tbody>
                            {asked.data.data.map((each) => (
                                <tr key={each.id}>
                                    <td className="nowrap only-wide">{ago(each.created_at)}</td>
                                    <td className="only-wide">{capitalized(each.period)}</td>
                                    <td className="words-in">
                                        {each.reason}
                                        <span className="only-narrow fine">{capitalized(each.period)}, {ago(each.created_at)}</span>
                                    </td>
                                    <td>
                                        <Badge tone={each.status === 'approved' ? 'good' : each.status === 'denied' ? 'bad' : 'info'}>
                                            {capitalized(each.status)}
                                        </Badge>{' '}
                                        {each.granted_amount && money(each.granted_amount)} {each.note}
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
        </Card>
    );
}

function Allowed({ me }: { me: Me }) {
    return (
        <Card id="allowed" title="What you may use">
            <dl className="facts">
                <dt>Policy</dt>
                <dd>{me.policy.name ? policyName(me.policy.name) : 'None'}<p className="fine">{me.policy.reason}</p></dd>
                <dt>Your groups</dt>
                <dd>{me.user.groups.length > 0
                    ? <ul className="chips">{me.user.groups.map((group) => <li key={group}>{group}</li>)}</ul>
                    : 'Your identity provider names none.'}</dd>
                <dt>Models</dt>
                <dd>
                    {me.models.length > 0
                        ? <ul className="chips">{me.models.map((model) => <li key={model.id}>{model.id}</li>)}</ul>
                        : 'None: your policy lists no model that is offered here. Ask whoever runs Gatehouse.'}
                    {!me.policy.restricts_models && me.models.length > 0 && <p className="fine">Everything that is offered here.</p>}
                </dd>
            </dl>
        </Card>
    );
}

function Usage() {
    const usage = useQuery({ queryKey: ['usage'], queryFn: () => get<OwnUsage>('/v1/me/usage?days=30') });
    return (
        <Card id="usage" title="Your last 30 days" note="By model, in days of UTC.">
            <Loaded from={usage} rows={6}>
                {(use) => use.total.requests === 0 ? (
                    <Empty title="Nothing yet">Connect a client below. What you use appears here within seconds.</Empty>
                ) : (
                    <div className="stack">
                        <p className="fine">
                            <strong>{money(use.total.amount)}</strong> for {plural(use.total.requests, 'request')},{' '}
                            {short(use.total.input_tokens)} tokens in and {short(use.total.output_tokens)} out.
                        </p>
                        <Suspense fallback={<Waiting rows={6} />}>
                            <DayChart by="model" from={use.starting_at} to={use.ending_at}
                                points={use.days.map((row) => ({ day: row.date, name: row.model ?? 'Unknown', cents: cents(row.amount) }))} />
                        </Suspense>
                        <Projects use={use} />
                    </div>
                )}
            </Loaded>
        </Card>
    );
}

function Projects({ use }: { use: OwnUsage }) {
    const rows = [...use.projects].sort((a, b) => cents(b.amount) - cents(a.amount));
    if (rows.length === 0) return null;
    return (
        <div>
            <h3>By project</h3>
            <div className="scroll">
                <table>
                    <caption className="sr">Your spend by project in the last 30 days</caption>
                    <thead><tr><th scope="col">Project</th><th scope="col" className="num">Requests</th><th scope="col" className="num">Spend</th></tr></thead>
                    <tbody>
                        {rows.map((row) => (
                            <tr key={row.project ?? ''}>
                                <th scope="row" className="words-in">{row.project ?? <span className="fine">No project</span>}</th>
                                <td className="num">{count(row.requests)}</td>
                                <td className="num">{money(row.amount)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </div>
    );
}

function Sessions() {
    const queries = useQueryClient();
    const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => get<{ data: SessionRow[] }>('/v1/me/sessions') });
    const end = async (row: SessionRow) => {
        await call('DELETE', `/v1/me/sessions/${encodeURIComponent(row.id)}`);
        if (row.current) signIn();
        else await queries.invalidateQueries({ queryKey: ['sessions'] });
    };
    return (
        <Card id="sessions" title="Where you are signed in" note="End what you do not recognise, and tell whoever runs Gatehouse.">
            <Loaded from={sessions}>
                {({ data }) => data.length === 0 ? <Empty title="Nowhere">You used a key to get here.</Empty> : (
                    <SessionsTable caption="Your sessions" rows={data} end={end} warning={(row) => row.current
                        ? 'It is the one you are using: you will have to sign in again.'
                        : 'Whatever uses it must sign in again. Requests under way are finished.'} />
                )}
            </Loaded>
        </Card>
    );
}

function NewKey({ close }: { close: () => void }) {
    const queries = useQueryClient();
    const [name, setName] = useState('');
    const [days, setDays] = useState('90');
    const make = useMutation({
        mutationFn: () => call<KeyRow & { secret: string }>('POST', '/v1/me/keys', { name, days: Number(days) }),
        onSuccess: () => void queries.invalidateQueries({ queryKey: ['keys'] }),
    });
    if (make.data)
        return (
            <div className="stack">
                <p>Copy the key “{make.data.name}” now. It is shown this once and cannot be found out again.</p>
                <div className="code">
                    <pre tabIndex={0} role="region" aria-label="Your new key"><code>{make.data.secret}</code></pre>
                    <Copy text={make.data.secret} label="the key" />
                </div>
                <div className="dialog-foot"><Button look="primary" onPress={close}>I have copied it</Button></div>
            </div>
        );
    return (
        <Form className="fields" onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
            <TextField className="field" value={name} onChange={setName} isRequired maxLength={100} autoFocus>
                <Label>Name</Label>
                <Input placeholder="Nightly evaluation" autoComplete="off" />
            </TextField>
            <TextField className="field" value={days} onChange={setDays} isRequired>
                <Label>Expires after (days, 365 at most)</Label>
                <Input type="number" min={1} max={365} />
            </TextField>
            {make.error && <Problem error={make.error} />}
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={make.isPending}>Create key</Button>
            </div>
        </Form>
    );
}

function Keys() {
    const queries = useQueryClient();
    const keys = useQuery({ queryKey: ['keys'], queryFn: () => get<{ data: KeyRow[] }>('/v1/me/keys') });
    const revoke = async (row: KeyRow) => {
        await call('DELETE', `/v1/me/keys/${encodeURIComponent(row.id)}`);
        await queries.invalidateQueries({ queryKey: ['keys'] });
    };
    return (
        <Card id="keys" title="Personal keys" note="For tools that cannot sign in. A key is you: it spends under your caps."
            actions={
                <DialogTrigger>
                    <Button>Create a key</Button>
                    <Sheet title="Create a key" alert>{(close) => <NewKey close={close} />}</Sheet>
                </DialogTrigger>
            }>
            <Loaded from={keys}>
                {({ data }) => data.length === 0
                    ? <Empty title="You have no keys">Signing in is safer: it ends by itself.</Empty>
                    : <KeysTable caption="Your personal keys" rows={data} revoke={revoke} />}
            </Loaded>
        </Card>
    );
}

function Connect({ me }: { me: Me }) {
    return (
        <Card id="connect" title="Connect a client">
            <Tabs>
                <TabList className="tabs" aria-label="Client">
                    {connections(me.gateway.origin).map((each) => <Tab key={each.id} id={each.id} className="tab">{each.name}</Tab>)}
                </TabList>
                {connections(me.gateway.origin).map((each) => (
                    <TabPanel key={each.id} id={each.id} className="stack">
                        {each.steps.map((step) => (
                            <div key={step.words} className="stack">
                                <p>{step.words}</p>
                                {step.code && <Code text={step.code} label={`${each.name}: ${step.label ?? 'lines'}`} />}
                            </div>
                        ))}
                    </TabPanel>
                ))}
            </Tabs>
        </Card>
    );
}

export default function MePage({ me }: { me: Me }) {
    const first = (me.user.name || me.user.email || me.user.id).split(' ')[0];
    const blocked = me.caps.find((cap) => cap.reached);
    return (
        <>
            <PageHead title={`Hello, ${first}`} lead={blocked
                ? `Your ${blocked.period} cap is reached: requests are refused until it resets ${ago(blocked.resets_at)}, or somebody raises it.`
                : 'What you may use, what it costs, and where you are signed in.'} />
            <Paused />
            <div className="grid2"><Caps me={me} /><Allowed me={me} /></div>
            <Usage />
            <Connect me={me} />
            <div className="grid2"><Sessions /><Keys /></div>
            <p className="fine">
                Figures as of {timeOf(me.as_of)}. Gatehouse {me.gateway.version}.{' '}
                <a href="/access">The essentials without JavaScript</a>
            </p>
        </>
    );
}
