// SPDX-License-Identifier: Apache-2.0
// Setting a cap: what is written, what it would do to the people who are known, and only then the button that sets it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, get } from '../../api';
import { Checkbox, Chooser, Form, MomentField, MoneyField, Select, TextField, type Choice } from '../../form';
import { count, money, plural, timeOf } from '../../format';
import { choiceOf, useGroups } from '../../groups';
import { Button } from '../../ui';
import { Foreseen } from './foreseen';
import { nameOf, periodChoices, periods, scopes, scopeWords, type Cap, type CapOrder, type CapPreview, type Period, type ScopeType } from './api';

interface Draft {
    type: ScopeType;
    group: string;
    user: string;
    amount: string;
    unlimited: boolean;
    period: Period;
    ends: string;
    reason: string;
}

const blank: Draft = { type: 'user', group: '', user: '', amount: '', unlimited: false, period: 'monthly', ends: '', reason: '' };

function draftOf(cap: Cap): Draft {
    return {
        type: cap.scope.type, group: cap.scope.rbac_group_id ?? '', user: cap.scope.user_id ?? '', amount: cap.amount ?? '',
        unlimited: cap.amount === null, period: cap.period, ends: cap.expires_at ?? '', reason: '',
    };
}

function orderOf(draft: Draft): CapOrder {
    const isOfGroup = draft.type === 'rbac_group' || draft.type === 'group_pool';
    return {
        scope: {
            type: draft.type,
            ...(isOfGroup ? { rbac_group_id: draft.group } : {}),
            ...(draft.type === 'user' ? { user_id: draft.user } : {}),
        },
        amount: draft.unlimited ? null : draft.amount,
        period: draft.period,
        ...(draft.ends ? { expires_at: draft.ends } : {}),
        ...(draft.reason ? { reason: draft.reason } : {}),
    };
}

interface User { id: string; email: string; name: string; groups: string[] }

/** People who were seen here, as far as they fit what is written, and the service keys. */
function useUsers(written: string): Choice[] {
    const users = useQuery({
        queryKey: ['users', 'choice', written],
        queryFn: () => get<{ data: User[] }>(`/v1/organizations/users?limit=50&sort=name&q=${encodeURIComponent(written)}`),
        placeholderData: (before) => before,
    });
    const keys = useQuery({
        queryKey: ['service_keys', 'choice'],
        queryFn: () => get<{ data: { user_id: string; name: string; owner: string }[] }>('/v1/organizations/service_keys?limit=1000'),
    });
    const fits = (text: string) => text.toLowerCase().includes(written.trim().toLowerCase());
    return [
        ...(users.data?.data ?? []).map((each) => ({
            id: each.id, name: each.name || each.email || each.id, note: [each.email, each.groups.join(', ')].filter(Boolean).join(' · '),
        })),
        ...(keys.data?.data ?? []).filter((each) => fits(`${each.name} ${each.owner}`)).map((each) => ({
            id: each.user_id, name: each.name, note: `Service key of ${each.owner}`,
        })),
    ];
}

function Effect({ preview }: { preview: CapPreview }) {
    const { would_block: blocked, replaces } = preview;
    return (
        <Foreseen>
            <p>
                It would hold for <strong>{count(preview.applies_to)}</strong> of {plural(preview.known_people, 'known person', 'known people and keys')}.
                {replaces && <> It replaces {replaces.amount === null ? 'an unlimited cap' : <>a cap of {money(replaces.amount)}</>}.</>}
            </p>
            {blocked.length === 0 ? <p>Nobody would be blocked now.</p> : (
                <>
                    <p className="bad"><strong>{plural(blocked.length, 'person', 'people')} would be blocked at once:</strong></p>
                    <ul className="blocked">
                        {blocked.slice(0, 20).map((each) => (
                            <li key={each.actor.user_id}>{nameOf(each.actor)}, who spent {money(each.period_to_date_spend)}</li>
                        ))}
                        {blocked.length > 20 && <li>and {count(blocked.length - 20)} more</li>}
                    </ul>
                </>
            )}
        </Foreseen>
    );
}

/** `cap` is the one to change: whom it is for and its period stay, because another one would be another cap. */
export function CapForm({ cap, who, close }: { cap?: Cap; who?: string; close: () => void }) {
    const queries = useQueryClient();
    const [draft, setDraft] = useState<Draft>(() => (cap ? draftOf(cap) : blank));
    const [written, setWritten] = useState('');
    const groups = useGroups();
    const users = useUsers(written);
    const order = orderOf(draft);
    const asText = JSON.stringify({ ...order, reason: undefined });
    const preview = useMutation({
        mutationFn: async () => ({ of: asText, effect: await call<CapPreview>('POST', '/v1/organizations/spend_limits/preview', order) }),
    });
    const save = useMutation({
        mutationFn: () => call<Cap>('POST', '/v1/organizations/spend_limits', order),
        onSuccess: async () => {
            await Promise.all(['spend_limits', 'cap_standings', 'pools', 'budgets'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
            close();
        },
    });
    const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
    // What was seen must be what is set: any change asks for another look.
    const seen = preview.data?.of === asText ? preview.data.effect : undefined;
    const isOfGroup = draft.type === 'rbac_group' || draft.type === 'group_pool';
    return (
        <Form label={cap ? 'Change a cap' : 'New cap'} error={save.error ?? preview.error} onSubmit={() => (seen ? save.mutate() : preview.mutate())}>
            {cap ? <p>For <strong>{scopeWords(cap.scope, who)}</strong>, {periods[cap.period].toLowerCase()}.</p> : (
                <>
                    <Select label="For" name="scope.type" value={draft.type} help={scopes[draft.type].note} autoFocus
                        onChange={(type) => change({ type })} choices={(Object.keys(scopes) as ScopeType[]).map((id) => ({ id, name: scopes[id].name }))} />
                    {isOfGroup && (
                        <Chooser label="Group" name="scope.rbac_group_id" value={draft.group} onChange={(group) => change({ group })} choices={groups.map(choiceOf)}
                            isRequired allowFree help="Groups of people who were seen here. Another name may be written in full." />
                    )}
                    {draft.type === 'user' && (
                        <Chooser label="Person or service key" name="scope.user_id" value={draft.user} onChange={(user) => change({ user })} choices={users}
                            onSearch={setWritten} isRequired empty="Nobody who was seen here fits." help="By name, address or group." />
                    )}
                    <Select label="Period" name="period" value={draft.period} onChange={(period) => change({ period })} choices={periodChoices}
                        help="In UTC: days from midnight, weeks from Monday, months from the first." />
                </>
            )}
            <Checkbox label="Unlimited" value={draft.unlimited} onChange={(unlimited) => change({ unlimited })}
                help="Ends the search for a cap: what a group or everyone has does not hold then." />
            {!draft.unlimited && (
                <MoneyField label="Amount" name="amount" value={draft.amount} onChange={(amount) => change({ amount })} isRequired
                    help="0 blocks every prompt." />
            )}
            {(!cap || cap.expires_at) && (
                <MomentField label="Ends" name="expires_at" value={draft.ends} onChange={(ends) => change({ ends })} isRequired={Boolean(cap?.expires_at)}
                    help="Left empty it holds for good. A temporary cap counts instead of the permanent one while it lasts." />
            )}
            <TextField label="Reason" name="reason" value={draft.reason} onChange={(reason) => change({ reason })} longest={500}
                help="Stands in the audit trail." />
            {seen && <Effect preview={seen} />}
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                {seen
                    ? <Button key="set" look="primary" type="submit" isDisabled={save.isPending}>Set this cap</Button>
                    : <Button key="see" look="primary" type="submit" isDisabled={preview.isPending}>See what it would do</Button>}
            </div>
        </Form>
    );
}

/** What is known of it in words, for the question before it is deleted. */
export function CapWords({ cap, who }: { cap: Cap; who?: string }) {
    return (
        <>
            {cap.amount === null ? 'Unlimited' : money(cap.amount)}, {periods[cap.period].toLowerCase()}, for {scopeWords(cap.scope, who)}
            {cap.expires_at && <>, until {timeOf(cap.expires_at)}</>}
        </>
    );
}
