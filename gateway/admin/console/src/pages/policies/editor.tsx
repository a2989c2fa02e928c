// SPDX-License-Identifier: Apache-2.0
// One policy as a form. What is written is tried out with the whole draft before the form closes, so that a fault is
// shown beside its field and not at the end.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Form, MoneyField, MultiChooser, NumberField, parseDollars, printDollars, Select, TextArea, TextField, type Choice } from '../../form';
import { plural } from '../../format';
import { useGroups, type Group } from '../../groups';
import { Button } from '../../ui';
import {
    isForEveryone, modelsOf, readModels, scopes, tryOut, type ModelRow, type Policy,
} from './model';
import { fromMatrix, SpeedFields, toMatrix, type Matrix } from './speed';

const families = ['opus', 'sonnet', 'haiku', 'fable'];
type PauseMode = 'base' | 'pause' | 'never';

interface Written {
    groups: string[];
    domain: string;
    modelMode: 'all' | 'some';
    models: string[];
    settings: string;
    limits: Matrix;
    pauseMode: PauseMode;
    pauseDollars: string;
    pauseRequests: number | null;
    pauseMinutes: number | null;
}

const centsOf = (dollars: unknown): string => (typeof dollars === 'number' ? parseDollars(String(dollars), 9) ?? '' : '');
const dollarsOf = (cents: string): number => Number(printDollars(cents));

function toWritten(policy: Policy): Written {
    const { availableModels: _, ...settings } = policy.cli;
    const pause = policy.limits?.['pause_session'] as Record<string, number | null> | null | undefined;
    return {
        groups: policy.match.groups ?? [],
        domain: policy.match.email_domain ?? '',
        modelMode: modelsOf(policy) === null ? 'all' : 'some',
        models: modelsOf(policy) ?? [],
        settings: Object.keys(settings).length > 0 ? JSON.stringify(settings, null, 2) : '',
        limits: toMatrix(policy.limits),
        pauseMode: pause === undefined ? 'base' : pause === null ? 'never' : 'pause',
        pauseDollars: centsOf(pause?.['dollars']),
        pauseRequests: pause?.['requests'] ?? null,
        pauseMinutes: pause?.['minutes'] ?? null,
    };
}

function limitsOf(written: Written): Record<string, unknown> | undefined {
    const limits = fromMatrix(written.limits);
    if (written.pauseMode === 'never') limits['pause_session'] = null;
    if (written.pauseMode === 'pause')
        limits['pause_session'] = {
            ...(written.pauseDollars ? { dollars: dollarsOf(written.pauseDollars) } : {}),
            ...(written.pauseRequests !== null ? { requests: written.pauseRequests } : {}),
            ...(written.pauseMinutes !== null ? { minutes: written.pauseMinutes } : {}),
        };
    return Object.keys(limits).length > 0 ? limits : undefined;
}

function toPolicy(written: Written): Policy {
    const domain = written.domain.trim().replace(/^@/, '');
    const settings = (written.settings.trim() ? JSON.parse(written.settings) : {}) as Record<string, unknown>;
    const limits = limitsOf(written);
    return {
        match: {
            ...(written.groups.length > 0 ? { groups: written.groups } : {}),
            ...(domain ? { email_domain: domain } : {}),
        },
        cli: { ...(written.modelMode === 'some' ? { availableModels: written.models } : {}), ...settings },
        ...(limits ? { limits } : {}),
    };
}

function checkSettings(text: string): string | null {
    if (text.trim() === '') return null;
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (error) {
        return `This is not JSON: ${(error as Error).message}.`;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'This must be an object: { "name": value }.';
    return 'availableModels' in value ? 'Leave out availableModels: the models are chosen above.' : null;
}

/** A policy is for the keys of a group as well as for its people. */
const matchChoiceOf = (group: Group): Choice => ({
    id: group.rbac_group_id,
    note: [group.people > 0 && plural(group.people, 'person', 'people'), group.service_keys > 0 && plural(group.service_keys, 'service key')]
        .filter(Boolean).join(', '),
});

const modelChoices = (rows: ModelRow[]): Choice[] => [
    ...families.map((family) => ({ id: family, note: 'Every model of this family' })),
    ...rows.map((row) => ({ id: row.id, note: row.display_name === row.id ? row.description : row.display_name })),
];

export function PolicyEditor(props: {
    policy: Policy;
    /** The whole draft with this policy in its place, to be tried out. */
    place: (policy: Policy) => { policies: Policy[]; index: number };
    done: (policy: Policy) => void;
    close: () => void;
}) {
    const [written, setWritten] = useState(() => toWritten(props.policy));
    const groups = useGroups();
    const models = useQuery({ queryKey: ['models'], queryFn: readModels });
    const set = <Name extends keyof Written>(name: Name) => (value: Written[Name]) =>
        setWritten((before) => ({ ...before, [name]: value }));
    const index = useMemo(() => props.place(props.policy).index, [props]);
    const path = `policies[${index}]`;
    const apply = useMutation({
        mutationFn: async () => {
            const policy = toPolicy(written);
            await tryOut(props.place(policy).policies);
            return policy;
        },
        onSuccess: (policy) => { props.done(policy); props.close(); },
    });
    const everyone = isForEveryone({ match: { groups: written.groups, email_domain: written.domain }, cli: {} });
    const otherwise = everyone ? 'no limit' : 'what the policy for everyone says';
    return (
        <Form error={apply.error} onSubmit={() => apply.mutate()}>
            <h3>Whom it is for</h3>
            <MultiChooser label="Groups" name={`${path}.match.groups`} value={written.groups} onChange={set('groups')} allowFree
                choices={groups.map(matchChoiceOf)}
                empty="No group has been seen yet: write its name as the identity provider does."
                help="Members of any of them. A group that nobody has been seen with yet can be written; case counts." />
            <TextField label="Domain of their address" name={`${path}.match.email_domain`} value={written.domain} onChange={set('domain')}
                placeholder="contractor.example"
                help={everyone ? 'Without groups and without a domain the policy is for everyone.' : 'If given, their address must end with it too.'} />
            <h3>What they may use</h3>
            <Select label="Models" value={written.modelMode} onChange={set('modelMode')} choices={[
                { id: 'all', name: everyone ? 'Every model that is offered' : 'As the policy for everyone says, or every model' },
                { id: 'some', name: 'Only these' },
            ]} />
            {written.modelMode === 'some' && (
                <MultiChooser label="Allowed models" name={`${path}.cli.availableModels`} value={written.models} onChange={set('models')}
                    allowFree choices={modelChoices(models.data?.data ?? [])}
                    help="A family admits all its models, now and later. Without any every request is refused." />
            )}
            <h3>How fast they may go</h3>
            <p className="fine">
                Empty: {otherwise}.{!everyone && ' Write none to lift what that policy bounds.'}
            </p>
            {scopes.map((scope) => (
                <SpeedFields key={scope.id} scope={scope} path={`${path}.limits`} matrix={written.limits} change={set('limits')} />
            ))}
            <Select label="A session that runs away" name={`${path}.limits.pause_session`} value={written.pauseMode} onChange={set('pauseMode')} choices={[
                { id: 'base', name: everyone ? 'Goes on' : 'As the policy for everyone says' },
                { id: 'pause', name: 'Is paused until a person resumes it' },
                ...(everyone ? [] : [{ id: 'never' as const, name: 'Goes on, whatever the policy for everyone says' }]),
            ]} />
            {written.pauseMode === 'pause' && (
                <fieldset className="quarter">
                    <legend>Paused when it reaches one of these</legend>
                    <MoneyField label="Spend" places={9} name={`${path}.limits.pause_session.dollars`} value={written.pauseDollars} onChange={set('pauseDollars')} />
                    <NumberField label="Requests" name={`${path}.limits.pause_session.requests`} least={1} value={written.pauseRequests} onChange={set('pauseRequests')} />
                    <NumberField label="Within minutes" name={`${path}.limits.pause_session.minutes`} least={1} value={written.pauseMinutes}
                        onChange={set('pauseMinutes')} placeholder="60" />
                </fieldset>
            )}
            <h3>Settings of their Claude Code</h3>
            <TextArea label="Managed settings, as JSON" name={`${path}.cli`} mono rows={8} value={written.settings} onChange={set('settings')}
                check={checkSettings} placeholder={'{\n  "permissions": { "deny": ["Read(./.env)"] }\n}'}
                help="The keys of Claude Code's settings reference. Clients fetch them about once an hour." />
            <div className="dialog-foot">
                <Button onPress={props.close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={apply.isPending}>Take into the draft</Button>
            </div>
        </Form>
    );
}
