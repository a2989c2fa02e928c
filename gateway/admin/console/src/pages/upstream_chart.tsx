// SPDX-License-Identifier: Apache-2.0
// The last minutes of one upstream: requests as bars with those that failed on top, and the same figures as a table.
// Loaded when a page first shows it: the chart library is half of the script.
import { Bar, BarChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { count } from '../format';
import type { Minute } from './upstreams';

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const at = (minute: string): string => clock.format(new Date(minute));
const latency = (value: number | null): string => (value === null ? '–' : `${count(value)} ms`);

function Tip(props: { active?: boolean; payload?: readonly { payload?: Minute }[] }) {
    const minute = props.payload?.[0]?.payload;
    if (!props.active || minute === undefined) return null;
    return (
        <div className="tip">
            <strong>{at(minute.starting_at)}</strong>
            <div><span>Requests</span><span>{count(minute.requests)}</span></div>
            <div><span>Failed</span><span>{count(minute.failures)}</span></div>
            <div><span>First byte, p95</span><span>{latency(minute.first_byte_ms.p95)}</span></div>
        </div>
    );
}

export default function MinuteChart(props: { name: string; minutes: Minute[] }) {
    const rows = props.minutes.map((minute) => ({ ...minute, good: Math.max(0, minute.requests - minute.failures) }));
    return (
        <figure className="figure">
            <div className="chart small" aria-hidden="true">
                <ResponsiveContainer width="100%" height="100%">
                    <BarChart data={rows} margin={{ top: 4, right: 0, bottom: 0, left: 0 }} accessibilityLayer={false}>
                        <XAxis dataKey="starting_at" tickFormatter={at} tick={{ fill: 'var(--muted)' }} tickLine={false}
                            axisLine={{ stroke: 'var(--line)' }} minTickGap={40} />
                        <YAxis tick={{ fill: 'var(--muted)' }} tickLine={false} axisLine={false} width={36} allowDecimals={false} />
                        <Tooltip cursor={{ fill: 'var(--sunken)' }} content={<Tip />} isAnimationActive={false} />
                        <Bar dataKey="good" name="Answered" stackId="all" fill="var(--c0)" isAnimationActive={false} maxBarSize={20} />
                        <Bar dataKey="failures" name="Failed" stackId="all" fill="var(--bad)" isAnimationActive={false} maxBarSize={20} />
                    </BarChart>
                </ResponsiveContainer>
            </div>
            <details>
                <summary>Show the figures<span className="sr"> of {props.name}</span></summary>
                <div className="scroll" tabIndex={0} role="region" aria-label={`${props.name} by minute`}>
                    <table>
                        <caption className="sr">{props.name} by minute</caption>
                        <thead>
                            <tr>
                                <th scope="col">Minute</th><th scope="col" className="num">Requests</th><th scope="col" className="num">Failed</th>
                                <th scope="col" className="num">First byte, median</th><th scope="col" className="num">First byte, p95</th>
                            </tr>
                        </thead>
                        <tbody>
                            {props.minutes.map((minute) => (
                                <tr key={minute.starting_at}>
                                    <th scope="row">{at(minute.starting_at)}</th>
                                    <td className="num">{count(minute.requests)}</td>
                                    <td className="num">{count(minute.failures)}</td>
                                    <td className="num">{latency(minute.first_byte_ms.p50)}</td>
                                    <td className="num">{latency(minute.first_byte_ms.p95)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            </details>
        </figure>
    );
}
