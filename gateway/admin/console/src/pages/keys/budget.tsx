// SPDX-License-Identifier: Apache-2.0
// A service key's budget: the caps that hold for it, and its own, which is a cap of its user id like any other.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { DialogTrigger } from 'react-aria-components';
import { call, get, type Cap } from '../../api';
import { capitalized } from '../../cap';
import { Form, MoneyField, Select } from '../../form';
import { cents, money, percent } from '../../format';
import { Badge, Button, Card, Confirm, Loaded, Sheet } from '../../ui';
import { ReasonField } from './fields';
import type { ServiceKey } from './key';

type Row = Pick<Cap, 'amount' | 'period' | 'source' | 'period_to_date_spend' | 'held'> & { spend_limit_id: string | null };
type Period = Cap['period'];

export const periods: { id: Period; name: string }[] = [
    { id: 'daily', name: 'A day' }, { id: 'weekly', name: 'A week' }, { id: 'monthly', name: 'A month' },
];

const isOwn = (row: Row) => row.source?.type === 'user';

function sourceOf(row: Row): string {
    switch (row.source?.type) {
        case 'user': return 'its own';
        case 'rbac_group': return `each member of ${row.source.rbac_group_id}`;
        case 'organization': return 'everyone’s';
        default: return '';
    }
}

function SetCap({ item, close, changed }: { item: ServiceKey; close: () => void; changed: () => Promise<unknown> }) {
    const [period, setPeriod] = useState<Period>('monthly');
    const [amount, setAmount] = useState('');
    const [reason, setReason] = useState('');
    const save = useMutation({
        mutationFn: () => call('POST', '/v1/organizations/spend_limits', {
            scope: { type: 'user', user_id: item.user_id }, amount, period, ...(reason ? { reason } : {}),
        }),
        onSuccess: () => { close(); void changed(); },
    });
    return (
        <Form onSubmit={() => save.mutate()} error={save.error}>
            <Select name="period" label="For" value={period} onChange={setPeriod} choices={periods} />
            <MoneyField name="amount" label="Amount" value={amount} onChange={setAmount} isRequired help="It comes before the caps of its groups and of everyone." />
            <ReasonField value={reason} onChange={setReason} />
            <div className="dialog-foot">
                <Button onPress={close}>Cancel</Button>
                <Button look="primary" type="submit" isDisabled={save.isPending}>Set the cap</Button>
            </div>
        </Form>
    );
}

export function Budget({ item }: { item: ServiceKey }) {
    const queries = useQueryClient();
    const rows = useQuery({
        queryKey: ['budget', item.user_id],
        queryFn: () => get<{ data: Row[] }>(`/v1/organizations/spend_limits/effective?user_ids[]=${encodeURIComponent(item.user_id)}`),
    });
    const changed = async () => {
        await queries.invalidateQueries({ queryKey: ['budget', item.user_id] });
        void queries.invalidateQueries({ queryKey: ['month', item.user_id] });
    };
    const remove = async (row: Row) => {
        await call('DELETE', `/v1/organizations/spend_limits/${encodeURIComponent(row.spend_limit_id!)}`);
        await changed();
    };
    return (
        <Card id="budget" title="Spend and budget" note="What it spends is on its own account." actions={
            <DialogTrigger>
                <Button>Set a cap</Button>
                <Sheet title={`Set a cap for “${item.name}”`} sticky>{(close) => <SetCap item={item} close={close} changed={changed} />}</Sheet>
            </DialogTrigger>
        }>
            <Loaded from={rows}>
                {({ data }) => (
                    <div className="stack">
                        {item.last_used_at === null && <p className="fine">The caps of its groups hold for it too. They are shown from its first request.</p>}
                        <div className="scroll wide-only-scroll">
                            <table role="table" className="rows">
                                <caption className="sr">Spend and caps of this key</caption>
                                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Period</th><th role="columnheader" scope="col" className="num">Spent</th><th role="columnheader" scope="col" className="num">Cap</th><th role="columnheader" scope="col"><span className="sr">Remove it</span></th></tr></thead>
                                <tbody role="rowgroup">
                                    {data.map((row) => (
                                        <tr role="row" key={row.period}>
                                            <th role="rowheader" scope="row">{capitalized(row.period)}</th>
                                            <td role="cell" className="num" data-label="Spent">{money(row.period_to_date_spend)}</td>
                                            <td role="cell" className="num" data-label="Cap">
                                                <span>
                                                    {row.amount === null ? <span className="fine">no cap</span> : <>{money(row.amount)} <span className="fine">{sourceOf(row)}</span></>}{' '}
                                                    {row.amount !== null && percent(cents(row.period_to_date_spend), cents(row.amount)) >= 100 && <Badge tone="bad">Reached</Badge>}
                                                </span>
                                            </td>
                                            <td role="cell" className="num row-actions">
                                                {isOwn(row) && row.spend_limit_id && (
                                                    <Confirm title={`Remove the ${row.period} cap?`} action="Remove cap" run={() => remove(row)}
                                                        trigger={<Button look="quiet" aria-label={`Remove the ${row.period} cap`}>Remove</Button>}>
                                                        <p>Then the caps of its groups and of everyone hold, if there are any.</p>
                                                    </Confirm>
                                                )}
                                            </td>
                                        </tr>
                                    ))}
                                </tbody>
                            </table>
                        </div>
                    </div>
                )}
            </Loaded>
        </Card>
    );
}
