// SPDX-License-Identifier: Apache-2.0
// One service key: what it is, what it may spend, and what can be done with it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { DialogTrigger } from 'react-aria-components';
import { inSentence, useActorNames } from '../../actor';
import { call, get, type Me } from '../../api';
import { Form, Select } from '../../form';
import { ago, timeOf } from '../../format';
import { go, Link } from '../../router';
import { Badge, Button, Card, Confirm, Loaded, PageHead, Sheet } from '../../ui';
import { policyName } from '../people/user';
import { limitLines } from '../policies/model';
import { Budget } from './budget';
import { KeyFields, NewSecret, ReasonField, wishOf, type KeyWish } from './fields';
import { apiOf, statusName, tones, type ServiceKey } from './key';

function useChanged(id: string): () => Promise<void> {
    const queries = useQueryClient();
    return async () => {
        await queries.invalidateQueries({ queryKey: ['key', id] });
        void queries.invalidateQueries({ queryKey: ['service-keys'] });
    };
}

/** Only what is another now: an end that has passed is refused, but may stay. */
function changesOf(before: KeyWish, after: KeyWish): Record<string, unknown> {
    const changes: Record<string, unknown> = {};
    for (const field of ['name', 'owner', 'groups', 'allowed_cidrs', 'rate_limits'] as const)
        if (JSON.stringify(before[field]) !== JSON.stringify(after[field])) changes[field] = after[field];
    if (before.expires_at !== after.expires_at) changes.expires_at = after.expires_at || null;
    return changes;
}

function Edit({ item, close }: { item: ServiceKey; close: () => void }) {
    const changed = useChanged(item.id);
    const [wish, setWish] = useState(() => wishOf(item));
    const changes = changesOf(wishOf(item), wish);
    const save = useMutation({
        mutationFn: () => call('POST', apiOf(item.id), { ...changes, ...(wish.reason ? { reason: wish.reason } : {}) }),
        onSuccess: () => { close(); void changed(); },
    });
    return (
        <Form onSubmit={() => save.mutate()} error={save.error}>
            <KeyFields wish={wish} change={setWish} />
            <ReasonField value={wish.reason} onChange={(reason) => setWish({ ...wish, reason })} />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={save.isPending || Object.keys(changes).length === 0}>Save</Button>
            </div>
        </Form>
    );
}

const overlaps = [
    { id: '86400', name: 'For a day' },
    { id: '3600', name: 'For an hour' },
    { id: '604800', name: 'For 7 days' },
    { id: '2592000', name: 'For 30 days' },
    { id: '0', name: 'Not at all: it leaked' },
];

function Rotate({ item, me, close }: { item: ServiceKey; me: Me; close: () => void }) {
    const changed = useChanged(item.id);
    const [overlap, setOverlap] = useState('86400');
    const [reason, setReason] = useState('');
    const rotate = useMutation({
        mutationFn: () => call<ServiceKey & { secret: string }>('POST', `${apiOf(item.id)}/rotate`,
            { overlap_seconds: Number(overlap), ...(reason ? { reason } : {}) }),
        onSuccess: () => void changed(),
    });
    if (rotate.data) {
        const until = rotate.data.secrets.find((each) => each.expires_at !== null)?.expires_at;
        return (
            <NewSecret name={item.name} origin={me.gateway.origin} secret={rotate.data.secret} close={close}
                former={until ? `The former secret goes on until ${timeOf(until)}.` : 'The former secret has ended.'} />
        );
    }
    return (
        <Form onSubmit={() => rotate.mutate()} error={rotate.error}>
            <p>The key gets a new secret. Jobs can be moved one by one while the former goes on. An older one, if there is one, ends at once.</p>
            <Select name="overlap_seconds" label="The former secret goes on" value={overlap} onChange={setOverlap} choices={overlaps} />
            <ReasonField value={reason} onChange={setReason} />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={rotate.isPending}>Rotate</Button>
            </div>
        </Form>
    );
}

function About({ item, me }: { item: ServiceKey; me: Me }) {
    const nameOf = useActorNames([item.created_by], me);
    const chips = (of: string[], label: string, none: ReactNode) => of.length > 0
        ? <ul className="chips" aria-label={label}>{of.map((each) => <li key={each}>{each}</li>)}</ul>
        : <span className="fine">{none}</span>;
    return (
        <Card id="about" title="About this key">
            <dl className="facts">
                <dt>Status</dt><dd><Badge tone={tones[item.status]}>{statusName[item.status]}</Badge></dd>
                <dt>Owner</dt><dd>{item.owner}</dd>
                <dt>Groups</dt><dd>{chips(item.groups, 'Groups', 'None: it gets what everybody gets')}</dd>
                <dt>Policy</dt><dd>{item.policy ? policyName(item.policy) : 'None: everything that is offered is open'}</dd>
                <dt>Allowed addresses</dt><dd>{chips(item.allowed_cidrs, 'Allowed addresses', 'From everywhere')}</dd>
                <dt>Rate limits</dt><dd>{chips(limitLines(item.rate_limits).map((line) => line.replace(/^Each person or key: /, '')), 'Rate limits', 'As its policy says')}</dd>
                <dt>Last used</dt><dd>{item.last_used_at ? <>{ago(item.last_used_at)} <span className="fine">{timeOf(item.last_used_at)}</span></> : 'Never'}</dd>
                <dt>Expires</dt><dd>{item.expires_at ? <>{ago(item.expires_at)} <span className="fine">{timeOf(item.expires_at)}</span></> : 'Never'}</dd>
                <dt>Secrets</dt>
                <dd>
                    {item.secrets.map((secret) => (
                        <p key={secret.created_at}>
                            Of {timeOf(secret.created_at)}{secret.expires_at && <span className="fine">, goes on until {timeOf(secret.expires_at)}</span>}
                        </p>
                    ))}
                </dd>
                <dt>Made</dt><dd>{timeOf(item.created_at)} <span className="fine">by {inSentence(nameOf(item.created_by))}</span></dd>
                <dt>Id</dt><dd className="mono">{item.id}</dd>
            </dl>
        </Card>
    );
}

function Acts({ item, me }: { item: ServiceKey; me: Me }) {
    const changed = useChanged(item.id);
    const turn = async () => {
        await call('POST', apiOf(item.id), { disabled: !item.disabled });
        await changed();
    };
    const remove = async () => {
        await call('DELETE', apiOf(item.id));
        go('/console/keys');
        await changed();
    };
    return (
        <>
            <DialogTrigger>
                <Button>Edit</Button>
                <Sheet title={`Edit “${item.name}”`} sticky>{(close) => <Edit item={item} close={close} />}</Sheet>
            </DialogTrigger>
            <DialogTrigger>
                <Button>Rotate</Button>
                <Sheet title={`Rotate “${item.name}”`} sticky wide>{(close) => <Rotate item={item} me={me} close={close} />}</Sheet>
            </DialogTrigger>
            {item.disabled
                ? <Button onPress={() => void turn()}>Enable</Button>
                : (
                    <Confirm title={`Disable “${item.name}”?`} action="Disable key" run={turn} trigger={<Button>Disable</Button>}>
                        <p>Whatever uses it is refused at once, until you enable it again.</p>
                    </Confirm>
                )}
            <Confirm title={`Delete “${item.name}”?`} action="Delete key" run={remove} trigger={<Button look="danger">Delete</Button>}>
                <p>Whatever uses it stops working at once, and its own caps go with it. What it has spent stays in the reports. This cannot be undone.</p>
            </Confirm>
        </>
    );
}

export default function KeyDetail({ id, me }: { id: string; me: Me }) {
    const key = useQuery({ queryKey: ['key', id], queryFn: () => get<ServiceKey>(apiOf(id)) });
    return (
        <>
            <nav aria-label="Where you are">
                <ol className="crumbs"><li><Link to="/console/keys">Service keys</Link></li><li aria-current="page">{key.data?.name ?? id}</li></ol>
            </nav>
            {key.isError && !key.data && <PageHead title={id} />}
            <Loaded from={key} rows={6}>
                {(item) => (
                    <>
                        <PageHead title={item.name} lead={`Service key of ${item.owner}.`} actions={<Acts item={item} me={me} />} />
                        <div className="grid2"><About item={item} me={me} /><Budget item={item} /></div>
                        <p className="actions">
                            <Link to={`/console/spend/person/${encodeURIComponent(item.user_id)}`}>Its spend by day</Link>
                            <Link to={`/console/audit?target_id=${encodeURIComponent(item.id)}`}>What was changed, and by whom</Link>
                        </p>
                    </>
                )}
            </Loaded>
        </>
    );
}
