// SPDX-License-Identifier: Apache-2.0
// /console/keys: service keys, for programs that no browser can sign in. One key is /console/keys/<id>.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { DialogTrigger } from 'react-aria-components';
import { call, get, type Cap, type Me } from '../api';
import { Form, MoneyField, Select } from '../form';
import { ago, timeOf } from '../format';
import { MonthSpend } from '../month';
import { Link, useAddress } from '../router';
import { DataTable, type Column } from '../table';
import { Badge, Button, Card, Empty, Loaded, PageHead, Sheet } from '../ui';
import { periods } from './keys/budget';
import KeyDetail from './keys/detail';
import { emptyWish, KeyFields, NewSecret, ReasonField } from './keys/fields';
import { pathOf, root, statusName, tones, type KeyPage, type ServiceKey } from './keys/key';
import { policyName } from './people/user';

const below = '/console/keys/';

const columns: Column<ServiceKey>[] = [
    {
        id: 'name', name: 'Key', sort: (key) => key.name,
        show: (key) => <span className="name"><Link to={pathOf(key.id)}>{key.name}</Link><span>{key.owner}</span></span>,
    },
    { id: 'status', name: 'Status', sort: (key) => key.status, show: (key) => <Badge tone={tones[key.status]}>{statusName[key.status]}</Badge> },
    { id: 'groups', name: 'Groups', show: (key) => key.groups.join(', ') || <span className="fine">None</span> },
    { id: 'policy', name: 'Policy', sort: (key) => key.policy, show: (key) => key.policy ? policyName(key.policy) : <span className="fine">None</span> },
    { id: 'used', name: 'Last used', sort: (key) => key.last_used_at, show: (key) => <span className="nowrap">{key.last_used_at ? ago(key.last_used_at) : 'Never'}</span> },
    {
        id: 'expires', name: 'Expires', sort: (key) => key.expires_at,
        show: (key) => key.expires_at ? <span className="nowrap" title={timeOf(key.expires_at)}>{ago(key.expires_at)}</span> : 'Never',
    },
    { id: 'spend', name: 'This month', kind: 'figure', show: (key) => <MonthSpend id={key.user_id} isSeen={key.last_used_at !== null} /> },
];

/** There are a thousand at most: two calls of the API when somebody has them all. */
async function everyKey(): Promise<ServiceKey[]> {
    const keys: ServiceKey[] = [];
    for (let after = ''; ;) {
        const page = await get<KeyPage>(`${root}?limit=1000${after ? `&after_id=${encodeURIComponent(after)}` : ''}`);
        keys.push(...page.data);
        if (!page.has_more || page.last_id === null) return keys;
        after = page.last_id;
    }
}

function Create({ me, close }: { me: Me; close: () => void }) {
    const queries = useQueryClient();
    const [wish, setWish] = useState(() => emptyWish(me.user.email));
    const [amount, setAmount] = useState('');
    const [period, setPeriod] = useState<Cap['period']>('monthly');
    const create = useMutation({
        mutationFn: () => {
            const { reason, expires_at, ...rest } = wish;
            return call<ServiceKey & { secret: string }>('POST', root, {
                ...rest,
                expires_at: expires_at || null,
                ...(amount ? { limits: [{ amount, period }] } : {}),
                ...(reason ? { reason } : {}),
            });
        },
        onSuccess: () => void queries.invalidateQueries({ queryKey: ['service-keys'] }),
    });
    if (create.data) return <NewSecret name={create.data.name} secret={create.data.secret} origin={me.gateway.origin} close={close} />;
    return (
        <Form onSubmit={() => create.mutate()} error={create.error}>
            <KeyFields wish={wish} change={setWish} />
            <div className="pair">
                <MoneyField name="limits[0].amount" label="Budget" value={amount} onChange={setAmount} help="Empty: the caps of its groups and of everyone." />
                <Select name="limits[0].period" label="For" value={period} onChange={setPeriod} choices={periods} />
            </div>
            <ReasonField value={wish.reason} onChange={(reason) => setWish({ ...wish, reason })} />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={create.isPending}>Create key</Button>
            </div>
        </Form>
    );
}

function CreateButton({ me }: { me: Me }) {
    return (
        <DialogTrigger>
            <Button look="primary">Create a key</Button>
            <Sheet title="Create a service key" sticky wide>{(close) => <Create me={me} close={close} />}</Sheet>
        </DialogTrigger>
    );
}

function List({ me }: { me: Me }) {
    const keys = useQuery({ queryKey: ['service-keys'], queryFn: everyKey });
    return (
        <>
            <PageHead title="Service keys" lead="For programs that no browser can sign in: a CI job, a bot, a nightly batch. A key has its own account and does not end when somebody leaves."
                actions={<CreateButton me={me} />} />
            <Card id="keys" title="Keys">
                <Loaded from={keys} rows={6}>
                    {(rows) => (
                        <DataTable caption="Service keys" rows={rows} columns={columns} rowKey={(key) => key.id}
                            filter={(key) => [key.name, key.owner, key.id, key.status, ...key.groups].join(' ')}
                            order={{ by: 'name', descending: false }}
                            empty={
                                <Empty title="There are no service keys">
                                    Create one for your CI: give it a group whose policy has the models that it needs, a budget and an end.
                                </Empty>
                            } />
                    )}
                </Loaded>
            </Card>
        </>
    );
}

export default function KeysPage({ me }: { me: Me }) {
    const path = useAddress().pathname;
    const id = path.startsWith(below) ? decodeURIComponent(path.slice(below.length)) : '';
    return id ? <KeyDetail key={id} id={id} me={me} /> : <List me={me} />;
}
