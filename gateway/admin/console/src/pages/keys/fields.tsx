// SPDX-License-Identifier: Apache-2.0
// What describes a service key, as fields: for making one and for changing one. A secret is shown once, here.
import { useState } from 'react';
import { Checkbox, MomentField, MultiChooser, TextField } from '../../form';
import { choiceOf, useGroups } from '../../groups';
import { Button, Code } from '../../ui';
import { fromMatrix, SpeedFields, toMatrix, type Matrix } from '../policies/speed';
import { shellLines, workflowLines, type ServiceKey } from './key';

export interface KeyWish {
    name: string;
    owner: string;
    groups: string[];
    allowed_cidrs: string[];
    rate_limits: Record<string, unknown>;
    /** '' is never. */
    expires_at: string;
    reason: string;
}

const day = 86_400_000;
/** A whole minute: what the field can show. */
export const inDays = (days: number): string => `${new Date(Date.now() + days * day).toISOString().slice(0, 16)}:00Z`;

export const emptyWish = (owner: string): KeyWish =>
    ({ name: '', owner, groups: [], allowed_cidrs: [], rate_limits: {}, expires_at: inDays(90), reason: '' });

export const wishOf = (key: ServiceKey): KeyWish => ({
    name: key.name, owner: key.owner, groups: key.groups, allowed_cidrs: key.allowed_cidrs, rate_limits: key.rate_limits,
    expires_at: key.expires_at ?? '', reason: '',
});

export function KeyFields({ wish, change }: { wish: KeyWish; change: (wish: KeyWish) => void }) {
    const groups = useGroups();
    const set = <K extends keyof KeyWish>(field: K) => (value: KeyWish[K]) => change({ ...wish, [field]: value });
    return (
        <>
            <TextField name="name" label="Name" value={wish.name} onChange={set('name')} isRequired longest={100} autoFocus
                placeholder="Nightly build" help="What it is for. Reports show it." />
            <TextField name="owner" label="Owner" value={wish.owner} onChange={set('owner')} isRequired longest={256}
                help="Who answers for it: an address or a team." />
            <MultiChooser name="groups" label="Groups" value={wish.groups} onChange={set('groups')} allowFree
                choices={groups.map(choiceOf)}
                help="It is treated as a member of them: their policy, limits and caps. Without one it gets what everybody gets." />
            <MultiChooser name="allowed_cidrs" label="Allowed addresses" value={wish.allowed_cidrs} onChange={set('allowed_cidrs')} allowFree
                choices={[]} placeholder="203.0.113.0/24" empty="Write an address or a range, IPv4 or IPv6, and press Enter."
                help="None: it may be used from everywhere." />
            <OwnSpeed limits={wish.rate_limits} change={set('rate_limits')} />
            <Checkbox label="Never expires" value={wish.expires_at === ''} onChange={(never) => set('expires_at')(never ? '' : inDays(90))} />
            {wish.expires_at !== '' && (
                <MomentField name="expires_at" label="Expires" value={wish.expires_at} onChange={(value) => set('expires_at')(value || inDays(90))}
                    help="Within ten years." />
            )}
        </>
    );
}

/** Sessions, agents and pauses of its own are left as somebody wrote them by the API. */
function OwnSpeed({ limits, change }: { limits: KeyWish['rate_limits']; change: (limits: KeyWish['rate_limits']) => void }) {
    const [matrix, setMatrix] = useState(() => toMatrix(limits));
    const { pause_session } = limits;
    const write = (written: Matrix) => {
        setMatrix(written);
        change({ ...fromMatrix(written), ...(pause_session === undefined ? {} : { pause_session }) });
    };
    return (
        <>
            <SpeedFields scope={{ id: 'user', name: 'Rate limits of its own' }} path="rate_limits" matrix={matrix} change={write} />
            <p className="fine">Empty: what its policy says. Write none to lift what that bounds.</p>
        </>
    );
}

export function ReasonField({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
    return <TextField name="reason" label="Why" value={value} onChange={onChange} longest={1000} help="For the audit trail." />;
}

export function NewSecret(props: { name: string; secret: string; origin: string; former?: string; close: () => void }) {
    return (
        <div className="stack">
            <p>Copy the secret of “{props.name}” now. It is shown this once and cannot be found out again.</p>
            <Code text={props.secret} label="the secret" />
            {props.former && <p className="fine">{props.former}</p>}
            <h3>Set up a program</h3>
            <Code text={shellLines(props.origin, props.secret)} label="lines for a shell" />
            <p className="fine">In GitHub Actions, keep the secret as <span className="mono">GATEWAY_SERVICE_KEY</span>:</p>
            <Code text={workflowLines(props.origin)} label="lines for GitHub Actions" />
            <div className="dialog-foot"><Button look="primary" onPress={props.close}>I have copied it</Button></div>
        </div>
    );
}
