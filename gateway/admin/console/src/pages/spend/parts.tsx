// SPDX-License-Identifier: Apache-2.0
// What the parts of the spend page share.
import { Link } from '../../router';
import { monthNow, words, type CostRow, type Kind } from './api';

/** Links below keep the month and nothing else: a filter of one table is none of the next. */
export function withMonth(path: string, month: string): string {
    return month === monthNow() ? path : `${path}?month=${month}`;
}

/** Whom or what a row of spend belongs to. */
export function Name({ kind, row, to }: { kind: Kind; row: CostRow; to?: string }) {
    const value = row[words[kind].field] ?? '';
    const shown = (kind === 'person' && (row.user_name || row.user_email)) || value;
    const name = shown || <span className="fine">{words[kind].none}</span>;
    return (
        <span className="name">
            {to ? <Link to={to}>{name}</Link> : name}
            {kind === 'person' && row.user_email && row.user_email !== shown && <span>{row.user_email}</span>}
            {kind === 'person' && value.startsWith('service:') && <span>Service key</span>}
        </span>
    );
}
