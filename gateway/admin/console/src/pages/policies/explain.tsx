// SPDX-License-Identifier: Apache-2.0
// Why may they (not)? One person and one model, decided step by step as a request would be. Linked to as
// /console/policies/explain?user=…&model=….
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState, type ReactNode } from 'react';
import { get, type Cap } from '../../api';
import { Chooser, type Choice } from '../../form';
import { cents, count, money, percent, timeOf, ago } from '../../format';
import { go, Link, useAddress, withQuery } from '../../router';
import { Badge, Card, Empty, Loaded } from '../../ui';
import { limitLines, readModels } from './model';

/** What a policy bounds for each of its people; the money in cents, as text. */
const rateNames = {
    requests_per_minute: 'requests a minute', tokens_per_minute: 'tokens a minute', cost_per_minute: 'a minute',
    concurrent_requests: 'requests at the same time',
};

interface Lost {
    spend_limit: { id: string; scope: { type: string; user_id?: string; rbac_group_id?: string }; amount: string | null };
    outcome: string;
    why: string;
}

interface Explanation {
    actor: { user_id: string; name: string | null; email_address: string | null };
    kind: 'person' | 'service';
    groups: string[];
    last_seen_at: string;
    /** That a service key brings itself. */
    rate_limits: Record<string, unknown>;
    policy: { name: string; matched: { group?: string; email_domain?: string; everyone?: boolean }; limits: Record<string, unknown> } | null;
    models: string[];
    model: {
        asked: string;
        allowed: boolean;
        reason?: string;
        message?: string;
        model?: string;
        upstreams?: { upstream: string; model: string }[];
    } | null;
    caps: (Omit<Cap, 'reached'> & { reached?: boolean; spend_limit_id: string | null; lost: Lost[] })[];
    pools: (Cap & { spend_limit_id: string })[];
    rates: Partial<Record<keyof typeof rateNames, { limit: number | string; used: number | string }>> | null;
    now: { state: 'allowed' | 'blocked' | 'held' | 'slowed'; spend_limit_id?: string; until?: string | null; message?: string };
}

interface User { id: string; name: string | null; email: string | null }

interface Paused { user_id: string; session_id: string; paused_at: string; why: string }

const scopeName = (scope: { type: string; user_id?: string; rbac_group_id?: string } | null): string => {
    switch (scope?.type) {
        case 'user': return 'set for them';
        case 'rbac_group': return `each member of ${scope.rbac_group_id}`;
        case 'group_pool': return `shared by ${scope.rbac_group_id}`;
        case 'organization': return 'everyone’s cap';
        default: return '';
    }
};

const periods = { daily: 'Daily', weekly: 'Weekly', monthly: 'Monthly' };

type Tone = 'good' | 'bad' | 'warn' | 'neutral';

function Step(props: { title: string; verdict: string; tone: Tone; children: ReactNode }) {
    return (
        <li className="step">
            <div className="step-head"><h3>{props.title}</h3><Badge tone={props.tone}>{props.verdict}</Badge></div>
            <div className="step-words">{props.children}</div>
        </li>
    );
}

const Chips = ({ of, label }: { of: string[]; label: string }) => (
    <ul className="chips" aria-label={label}>{of.map((each) => <li key={each}>{each}</li>)}</ul>
);

function matchedBecause(explanation: Explanation): string {
    const { policy } = explanation;
    if (policy === null) return 'No policy fits: every model that is offered is open, and no settings are sent.';
    const { group, email_domain } = policy.matched;
    const why = [group && `they are in the group ${group}`, email_domain && `their address ends with @${email_domain}`].filter(Boolean);
    return why.length > 0 ? `The first that fits, because ${why.join(' and ')}.` : 'No policy in front of it fits, and this one is for everyone.';
}

type AnyCap = Pick<Explanation['caps'][number], 'amount' | 'period' | 'source' | 'period_to_date_spend' | 'held' | 'resets_at' | 'reached' | 'spend_limit_id'>;

function CapRow({ cap, blocks }: { cap: AnyCap; blocks: boolean }) {
    return (
        <tr role="row">
            <th role="rowheader" scope="row">{periods[cap.period]} <span className="fine">{scopeName(cap.source)}</span></th>
            <td role="cell" className="num" data-label="Amount">{cap.amount === null ? 'no cap' : money(cap.amount)}</td>
            <td role="cell" className="num" data-label="Spent">
                <span>
                    {money(cap.period_to_date_spend)}
                    {cap.amount !== null && cents(cap.amount) > 0
                        && <span className="fine"> {Math.round(percent(cents(cap.period_to_date_spend), cents(cap.amount)))}%</span>}
                </span>
            </td>
            <td role="cell" className="num" data-label="Set aside">{money(cap.held)}</td>
            <td role="cell" className="nowrap" data-label="Resets">{ago(cap.resets_at)}</td>
            <td role="cell">{blocks ? <Badge tone="bad">Stops them</Badge> : cap.reached ? <Badge tone="bad">Reached</Badge> : null}</td>
        </tr>
    );
}

function Money({ of }: { of: Explanation }) {
    const rows: AnyCap[] = [...of.caps, ...of.pools];
    const lost = of.caps.flatMap((cap) => cap.lost.map((each) => ({ ...each, period: cap.period })));
    return (
        <>
            <div className="scroll wide-only-scroll" role="region" aria-label="Caps on them" tabIndex={0}>
                <table role="table" className="rows">
                    <caption className="sr">Caps on them</caption>
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">Cap</th><th role="columnheader" scope="col" className="num">Amount</th><th role="columnheader" scope="col" className="num">Spent</th>
                            <th role="columnheader" scope="col" className="num">Set aside</th><th role="columnheader" scope="col">Resets</th><th role="columnheader" scope="col"><span className="sr">State</span></th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">
                        {rows.map((cap, at) => (
                            <CapRow key={at} cap={cap} blocks={cap.spend_limit_id !== null && cap.spend_limit_id === of.now.spend_limit_id} />
                        ))}
                    </tbody>
                </table>
            </div>
            {lost.length > 0 && (
                <details>
                    <summary>Caps that name them and do not hold</summary>
                    <ul className="effects">
                        {lost.map((each) => (
                            <li key={each.spend_limit.id}>
                                {each.spend_limit.amount === null ? 'No cap' : money(each.spend_limit.amount)} {each.period}, {scopeName(each.spend_limit.scope)}: {each.why}.
                            </li>
                        ))}
                    </ul>
                </details>
            )}
        </>
    );
}

function verdictOf(of: Explanation): { tone: Tone; words: string; sentence: string | null } {
    if (of.model && !of.model.allowed) return { tone: 'bad', words: 'Refused', sentence: of.model.message ?? null };
    if (of.now.state === 'blocked')
        return { tone: 'bad', words: of.now.until ? `Refused until ${timeOf(of.now.until)}` : 'Refused until the cap is changed', sentence: of.now.message ?? null };
    if (of.now.state === 'slowed' || of.now.state === 'held')
        return { tone: 'warn', words: 'Refused for a moment', sentence: of.now.message ?? null };
    return { tone: 'good', words: 'Allowed', sentence: null };
}

const figureOf = (value: number | string): string => (typeof value === 'string' ? money(value) : count(value));

/** How much of what their policy allows each person is used up at this moment; sessions and agents have gauges of their own. */
function Rates({ of }: { of: NonNullable<Explanation['rates']> }) {
    const rows = (Object.keys(rateNames) as (keyof typeof rateNames)[]).flatMap((id) => {
        const rate = of[id];
        return rate ? [{ id, ...rate }] : [];
    });
    return (
        <>
            <p>Used up at this moment:</p>
            <ul className="effects">
                {rows.map(({ id, limit, used }) => <li key={id}>{figureOf(used)} of {figureOf(limit)} {rateNames[id]}</li>)}
            </ul>
        </>
    );
}

/** What stops single sessions of theirs: others go on. */
function PausedSessions({ of, by }: { of: Paused[]; by: Explanation }) {
    return (
        <div className="notice">
            <p>
                {of.length === 1 ? 'A session of theirs is paused' : `${of.length} sessions of theirs are paused`}, and every request
                of {of.length === 1 ? 'that one' : 'those'} is refused until{' '}
                {by.kind === 'service' ? 'the owner of the key resumes it at /access.' : (
                    <>they resume it at /access, or you <Link to={`/console/people/${encodeURIComponent(by.actor.user_id)}`}>among their sessions</Link>.</>
                )}
            </p>
            <ul>{of.map((each) => <li key={each.session_id}>{ago(each.paused_at)}: {each.why} <span className="fine mono">{each.session_id}</span></li>)}</ul>
        </div>
    );
}

function Steps({ of }: { of: Explanation }) {
    const own = limitLines(of.rate_limits).map((line) => `Of its own: ${line}`);
    const limits = [...own, ...limitLines(of.policy?.limits)];
    const all = useQuery({ queryKey: ['paused_sessions'], queryFn: () => get<{ data: Paused[] }>('/v1/organizations/paused_sessions?limit=1000') });
    const paused = (all.data?.data ?? []).filter((each) => each.user_id === of.actor.user_id);
    const verdict = verdictOf(of);
    const isSlowed = of.now.state === 'slowed';
    const isCapped = [...of.caps, ...of.pools].some((cap) => cap.amount !== null);
    const isReached = [...of.caps, ...of.pools].some((cap) => cap.reached);
    return (
        <ol className="steps">
            <Step title="Who asks" verdict={of.kind === 'service' ? 'A service key' : 'A person'} tone="neutral">
                <p>{of.actor.name ?? of.actor.email_address ?? of.actor.user_id} <span className="fine">{of.actor.email_address} · {of.actor.user_id} · last at work {ago(of.last_seen_at)}</span></p>
                {of.groups.length > 0 ? <Chips of={of.groups} label="Their groups" /> : <p className="fine">In no group.</p>}
            </Step>
            <Step title="Which policy is theirs" verdict={of.policy?.name.replace(/^policies\[\d+\]: /, '') ?? 'None'} tone="neutral">
                <p>{matchedBecause(of)}</p>
            </Step>
            <Step title="May they use the model" verdict={of.model === null ? 'No model chosen' : of.model.allowed ? 'Yes' : 'No'}
                tone={of.model === null ? 'neutral' : of.model.allowed ? 'good' : 'bad'}>
                {of.model?.allowed && <p>{of.model.asked === of.model.model ? '' : `${of.model.asked} means ${of.model.model}. `}Sent to {of.model.upstreams?.map((each) => each.upstream).join(', then ')}.</p>}
                {of.model && !of.model.allowed && (
                    <p>{of.model.reason === 'model_not_in_policy' ? 'Their policy does not list it.' : 'It is not among the models that are offered here.'}</p>
                )}
                <details>
                    <summary>{of.models.length === 1 ? 'The one model' : `The ${of.models.length} models`} that they may use</summary>
                    <Chips of={of.models} label="Models" />
                </details>
            </Step>
            <Step title="How fast may they go" tone={paused.length > 0 || isSlowed ? 'warn' : 'neutral'}
                verdict={isSlowed ? 'Too fast now' : paused.length > 0 ? `${paused.length} paused` : limits.length > 0 ? 'Limited' : 'No limits'}>
                {limits.length > 0 ? <ul className="effects">{limits.map((line) => <li key={line}>{line}</li>)}</ul>
                    : <p className="fine">Their policy has no rate limits.</p>}
                {of.rates && <Rates of={of.rates} />}
                {paused.length > 0 && <PausedSessions of={paused} by={of} />}
            </Step>
            <Step title="Is there money left" verdict={isReached ? 'No' : of.now.state === 'held' ? 'All set aside' : isCapped ? 'Yes' : 'No cap'}
                tone={isReached ? 'bad' : of.now.state === 'held' ? 'warn' : isCapped ? 'good' : 'neutral'}>
                <Money of={of} />
            </Step>
            <Step title="So a request now is" verdict={verdict.words} tone={verdict.tone}>
                {verdict.sentence ? <><p>They are told:</p><blockquote>{verdict.sentence}</blockquote></>
                    : <p className="fine">It is passed on{limits.length > 0 ? ', unless a session or an agent of theirs goes too fast at that moment' : ''}.</p>}
            </Step>
        </ol>
    );
}

const toChoice = (user: User): Choice => ({
    id: user.id,
    name: user.name || user.email || user.id,
    note: [user.name && user.email, user.id].filter(Boolean).join(' · '),
});

export default function Explain() {
    const address = useAddress();
    const user = address.searchParams.get('user') ?? '';
    const model = address.searchParams.get('model') ?? '';
    const [sought, setSought] = useState('');
    const words = useDeferredValue(sought);
    const people = useQuery({
        queryKey: ['people', 'find', words],
        queryFn: () => get<{ data: User[] }>(`/v1/organizations/users?limit=50&q=${encodeURIComponent(words)}`),
        placeholderData: (before) => before,
    });
    const models = useQuery({ queryKey: ['models'], queryFn: readModels });
    const explanation = useQuery({
        queryKey: ['explain', user, model],
        queryFn: () => get<Explanation>(`/v1/organizations/explain?user=${encodeURIComponent(user)}${model ? `&model=${encodeURIComponent(model)}` : ''}`),
        enabled: user !== '',
        staleTime: 0,
    });
    const choices = (people.data?.data ?? []).map(toChoice);
    const chosen = explanation.data?.actor;
    if (chosen && !choices.some((each) => each.id === user)) choices.push({ ...toChoice({ id: chosen.user_id, name: chosen.name, email: chosen.email_address }), id: user });
    return (
        <Card id="explain" title="Why may they, or may they not?" note="Decided as a request would be, step by step. Nothing is sent.">
            <div className="stack">
                <div className="pair">
                    <Chooser label="Person or service key" value={user} onChange={(id) => go(withQuery({ user: id || null }), true)} choices={choices}
                        onSearch={setSought} allowFree placeholder="Name, address or id"
                        help="Of a service key write its user id."
                        empty="Nobody like that has been seen at work yet." />
                    <Chooser label="Model" value={model} onChange={(id) => go(withQuery({ model: id || null }), true)} allowFree
                        placeholder="Any, as clients ask for it"
                        choices={(models.data?.data ?? []).map((row) => ({ id: row.id, note: row.display_name }))} />
                </div>
                {user === ''
                    ? <Empty title="Choose somebody">Then a model, to see what becomes of their request.</Empty>
                    : <Loaded from={explanation} rows={6}>{(data) => <Steps of={data} />}</Loaded>}
            </div>
        </Card>
    );
}
