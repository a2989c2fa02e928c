// SPDX-License-Identifier: Apache-2.0
// What the parts of the spend page share.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import { get } from '../../api';
import { cents, dayOf, monthOf } from '../../format';
import { go, Link, withQuery } from '../../router';
import { Button, Empty, Waiting } from '../../ui';
import { monthAfter, monthNow, pathOf, root, words, type CostReport, type CostRow, type Kind, type Place } from './api';

const DayChart = lazy(() => import('../../chart'));

/** Days, months and totals are kept for 13 months unless the operator says otherwise. */
const months_back = 13;

export const useReport = (path: string) => useQuery({ queryKey: [path], queryFn: () => get<CostReport>(path) });

/** Links below keep the month and nothing else: a filter of one table is none of the next. */
export function withMonth(path: string, month: string): string {
    return month === monthNow() ? path : `${path}?month=${month}`;
}

export function MonthPicker({ month }: { month: string }) {
    const now = monthNow();
    const listed = Array.from({ length: months_back }, (_, back) => monthAfter(now, -back));
    const all = listed.includes(month) ? listed : [...listed, month];
    // Replaced, so that the focus stays: with the arrow keys a select changes at every press.
    const show = (to: string) => go(withQuery({ month: to === now ? null : to, page: null }), true);
    return (
        <div className="months" role="group" aria-label="Month">
            <Button aria-label="Month before" onPress={() => show(monthAfter(month, -1))}>‹</Button>
            <select className="input" aria-label="Month" value={month} onChange={(event) => show(event.currentTarget.value)}>
                {all.map((each) => <option key={each} value={each}>{monthOf(each)}</option>)}
            </select>
            <Button aria-label="Month after" isDisabled={month >= now} onPress={() => show(monthAfter(month))}>›</Button>
        </div>
    );
}

export function Crumbs({ place, month, name }: { place: Place; month: string; name?: string }) {
    const crumbs: { to: string; name: string }[] = [{ to: root, name: 'Spend' }];
    place.steps.forEach((step, at) => crumbs.push({
        to: pathOf(place.steps.slice(0, at + 1)),
        name: step.kind === 'person' && name ? name : step.value || words[step.kind].none,
    }));
    if (place.day) crumbs.push({ to: pathOf(place.steps, place.day), name: dayOf(place.day) });
    if (crumbs.length === 1) return null;
    return (
        <nav aria-label="Breadcrumbs">
            <ol className="crumbs">
                {crumbs.map((crumb, at) => (
                    <li key={crumb.to}><Link to={withMonth(crumb.to, month)} current={at === crumbs.length - 1}>{crumb.name}</Link></li>
                ))}
            </ol>
        </nav>
    );
}

export function Stat(props: { name: string; value: ReactNode; note?: ReactNode }) {
    return (
        <div className="stat">
            <span className="stat-name">{props.name}</span>
            <span className="stat-value">{props.value}</span>
            {props.note && <span className="stat-note">{props.note}</span>}
        </div>
    );
}

export function NothingSpent({ month }: { month: string }) {
    return (
        <Empty title={`Nothing was spent in ${monthOf(month)}`}>
            {month === monthNow() ? 'As soon as somebody works through Gatehouse, it is here.' : 'Choose another month above.'}
        </Empty>
    );
}

/** The days of a month, stacked by what the report is grouped by. */
export function Chart({ report, kind, month }: { report: CostReport; kind: Kind; month: string }) {
    const points = report.data.flatMap((bucket) => bucket.results.map((row) => ({
        day: bucket.starting_at.slice(0, 10), name: row[words[kind].field] || words[kind].none, cents: cents(row.amount),
    })));
    if (points.length === 0) return <NothingSpent month={month} />;
    return (
        <Suspense fallback={<Waiting rows={6} />}>
            <DayChart by={kind} points={points} from={`${month}-01`} to={`${monthAfter(month)}-01`} />
        </Suspense>
    );
}

/** Whom or what a row of spend belongs to. */
export function Name({ kind, row, to }: { kind: Kind; row: CostRow; to?: string }) {
    const value = row[words[kind].field] ?? '';
    const shown = (kind === 'person' && (row.user_name || row.user_email)) || value;
    const name = shown || words[kind].none;
    return (
        <span className="name">
            {to ? <Link to={to}>{name}</Link> : name}
            {kind === 'person' && row.user_email && row.user_email !== shown && <span>{row.user_email}</span>}
            {kind === 'person' && value.startsWith('service:') && <span>Service key</span>}
        </span>
    );
}
