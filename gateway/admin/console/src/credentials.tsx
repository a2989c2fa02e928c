// SPDX-License-Identifier: Apache-2.0
// What somebody is signed in with, as tables: for themselves and for the admin who looks after them. The page says what
// ending one does.
import type { ReactNode } from 'react';
import type { KeyRow, SessionRow } from './api';
import { clientName } from './client';
import { ago, timeOf } from './format';
import { Badge, Button, Confirm } from './ui';

/** Which one is the caller's own is known of one's own sessions only. */
export type ListedSession = Omit<SessionRow, 'current'> & Partial<Pick<SessionRow, 'current'>>;

export function SessionsTable<Row extends ListedSession>(props: {
    caption: string;
    rows: Row[];
    warning: (row: Row) => ReactNode;
    end: (row: Row) => Promise<void>;
}) {
    return (
        <div className="scroll">
            <table>
                <caption className="sr">{props.caption}</caption>
                <thead><tr><th scope="col">Session</th><th scope="col" className="only-wide">Address</th><th scope="col" className="only-wide">Last used</th><th scope="col"><span className="sr">End it</span></th></tr></thead>
                <tbody>
                    {props.rows.map((row) => (
                        <tr key={row.id}>
                            <th scope="row">
                                <span className="name">
                                    <b title={row.client || undefined}>{clientName(row.client)}</b>
                                    <span>{row.kind === 'browser' ? 'Browser' : 'Terminal'}{row.current && ', this one'}</span>
                                    <span className="only-narrow">{row.address}, {ago(row.last_used_at)}</span>
                                </span>
                            </th>
                            <td className="mono only-wide">{row.address}</td>
                            <td className="nowrap only-wide" title={timeOf(row.last_used_at)}>{ago(row.last_used_at)}</td>
                            <td className="num">
                                <Confirm title="End this session?" action="End session" run={() => props.end(row)}
                                    trigger={<Button look="quiet" aria-label={`End session: ${clientName(row.client)}, ${row.address}`}>End</Button>}>
                                    <p>{props.warning(row)}</p>
                                </Confirm>
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function KeysTable(props: { caption: string; rows: KeyRow[]; revoke: (row: KeyRow) => Promise<void> }) {
    return (
        <div className="scroll">
            <table>
                <caption className="sr">{props.caption}</caption>
                <thead><tr><th scope="col">Name</th><th scope="col" className="only-wide">Last used</th><th scope="col">Expires</th><th scope="col"><span className="sr">Revoke it</span></th></tr></thead>
                <tbody>
                    {props.rows.map((row) => (
                        <tr key={row.id}>
                            <th scope="row" className="words-in">
                                <span className="name">
                                    {row.name}
                                    <span className="only-narrow">{row.last_used_at ? `Used ${ago(row.last_used_at)}` : 'Never used'}</span>
                                </span>
                            </th>
                            <td className="nowrap only-wide">{row.last_used_at ? ago(row.last_used_at) : 'Never'}</td>
                            <td className="nowrap" title={timeOf(row.expires_at)}>
                                {Date.parse(row.expires_at) < Date.now() ? <Badge tone="bad">Expired</Badge> : ago(row.expires_at)}
                            </td>
                            <td className="num">
                                <Confirm title={`Revoke “${row.name}”?`} action="Revoke key" run={() => props.revoke(row)}
                                    trigger={<Button look="quiet" aria-label={`Revoke key ${row.name}`}>Revoke</Button>}>
                                    <p>Whatever uses it stops working at once. This cannot be undone.</p>
                                </Confirm>
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
