// SPDX-License-Identifier: Apache-2.0
// Spend by day as stacked bars, with the same figures as a table for who would rather read, or hear, them. Loaded when a
// page first shows it: the chart library is half of the script.
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { dayOf, dollarMark, money } from './format';

export interface Point {
    day: string;
    name: string;
    cents: number;
}

const most = 6;

interface Row {
    day: string;
    [series: `s${number}`]: number;
}

/** The names with most spend, the others as one, and a row for every day of the span. */
function arrange(points: Point[], from: string, to: string) {
    const totals = new Map<string, number>();
    for (const point of points) totals.set(point.name, (totals.get(point.name) ?? 0) + point.cents);
    const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const names = ranked.length > most ? [...ranked.slice(0, most), 'Others'] : ranked;
    const rows: Row[] = [];
    const byDay = new Map<string, Row>();
    for (let at = Date.parse(from); at < Date.parse(to); at += 86_400_000) {
        const row: Row = { day: new Date(at).toISOString().slice(0, 10) };
        names.forEach((_, index) => { row[`s${index}`] = 0; });
        rows.push(row);
        byDay.set(row.day, row);
    }
    for (const point of points) {
        const row = byDay.get(point.day);
        const rank = ranked.indexOf(point.name);
        const key = `s${Math.min(rank, most)}` as const;
        if (row) row[key] = (row[key] ?? 0) + point.cents / 100;
    }
    return { names, rows };
}

function Tip(props: { active?: boolean; label?: string | number; payload?: readonly { name?: unknown; value?: unknown; dataKey?: unknown }[] }) {
    if (!props.active || !props.payload) return null;
    const shown = props.payload.filter((each) => Number(each.value) > 0);
    return (
        <div className="tip">
            <strong>{dayOf(String(props.label))}</strong>
            {shown.length === 0 && <span>No spend</span>}
            {shown.map((each) => (
                <div key={String(each.dataKey)}><span>{String(each.name)}</span><span>{money(Number(each.value) * 100)}</span></div>
            ))}
        </div>
    );
}

export default function DayChart(props: { points: Point[]; from: string; to: string; by: string }) {
    const { names, rows } = arrange(props.points, props.from, props.to);
    return (
        <figure className="figure">
            <div className="chart" aria-hidden="true">
                <ResponsiveContainer width="100%" height="100%">
                    <BarChart data={rows} margin={{ top: 8, right: 0, bottom: 0, left: 0 }} accessibilityLayer={false}>
                        <CartesianGrid vertical={false} stroke="var(--line)" />
                        <XAxis dataKey="day" tickFormatter={dayOf} tick={{ fill: 'var(--muted)' }} tickLine={false} axisLine={{ stroke: 'var(--line)' }}
                            minTickGap={32} />
                        <YAxis tickFormatter={dollarMark} tick={{ fill: 'var(--muted)' }}
                            tickLine={false} axisLine={false} width={56} />
                        <Tooltip cursor={{ fill: 'var(--sunken)' }} content={<Tip />} isAnimationActive={false} />
                        {names.map((name, at) => (
                            <Bar key={name} dataKey={`s${at}`} name={name} stackId="all" fill={`var(--c${at})`}
                                isAnimationActive={false} maxBarSize={28} />
                        ))}
                    </BarChart>
                </ResponsiveContainer>
            </div>
            <ul className="legend" aria-hidden="true">
                {names.map((name, at) => (
                    <li key={name}>
                        <svg className={`dot k${at}`} viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" /></svg>{name}
                    </li>
                ))}
            </ul>
            <details>
                <summary>Show the figures</summary>
                <div className="scroll" tabIndex={0} role="region" aria-label={`Spend by day and ${props.by}`}>
                    <table>
                        <caption className="sr">Spend by day and {props.by}</caption>
                        <thead><tr><th scope="col">Day</th>{names.map((name) => <th key={name} scope="col" className="num">{name}</th>)}</tr></thead>
                        <tbody>
                            {rows.map((row) => (
                                <tr key={row.day}>
                                    <th scope="row" className="nowrap">{dayOf(row.day)}</th>
                                    {names.map((name, at) => <td key={name} className="num">{money((row[`s${at}`] ?? 0) * 100)}</td>)}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            </details>
        </figure>
    );
}
