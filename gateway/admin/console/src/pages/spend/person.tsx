// SPDX-License-Identifier: Apache-2.0
// One person's spend: their days in a month, and the sessions of a day.
import { useQuery } from '@tanstack/react-query';
import { get } from '../../api';
import { count, dayOf, money, monthOf, plural } from '../../format';
import { Link } from '../../router';
import { DataTable, type Column } from '../../table';
import { Badge, Card, Empty, Loaded, PageHead } from '../../ui';
import { hasSessions, monthNow, pathOf, reportPath, rowsOf, sumOf, type CostReport, type CostRow, type Effective, type Place } from './api';
import { UsedOf } from './budgets';
import { Chart, Crumbs, MonthPicker, NothingSpent, Stat, useReport, withMonth } from './parts';

interface Work {
    requests: number;
    spent: number;
    models: Set<string>;
}

interface DayLine extends Work {
    day: string;
    sessions: number;
}

interface SessionLine extends Work {
    session: string;
    agents: Set<string>;
}

const requestsOf = (rows: readonly { requests: number }[]) => rows.reduce((sum, row) => sum + row.requests, 0);
const modelsOf = (rows: CostRow[]) => new Set(rows.flatMap((row) => row.model ?? []));

function dayLines(report: CostReport): DayLine[] {
    return report.data.filter((bucket) => bucket.results.length > 0).map(({ starting_at, results }) => ({
        day: starting_at.slice(0, 10),
        requests: requestsOf(results),
        sessions: new Set(results.map((row) => row.session ?? '')).size,
        models: modelsOf(results),
        spent: sumOf(results),
    }));
}

function sessionLines(rows: CostRow[]): SessionLine[] {
    const bySession = new Map<string, CostRow[]>();
    for (const row of rows) {
        const session = row.session ?? '';
        bySession.set(session, [...(bySession.get(session) ?? []), row]);
    }
    return [...bySession].map(([session, own]) => ({
        session,
        agents: new Set(own.flatMap((row) => row.agent || [])),
        models: modelsOf(own),
        requests: requestsOf(own),
        spent: sumOf(own),
    }));
}

const worked: Column<Work>[] = [
    { id: 'requests', name: 'Requests', kind: 'figure', sort: (line) => line.requests, show: (line) => count(line.requests) },
    { id: 'spend', name: 'Spend', kind: 'figure', sort: (line) => line.spent, show: (line) => money(line.spent) },
];
const models: Column<Work> = { id: 'models', name: 'Models', show: (line) => [...line.models].join(', ') };

const totalOf = (lines: readonly Work[]) => ({
    requests: count(requestsOf(lines)),
    spend: money(lines.reduce((sum, line) => sum + line.spent, 0)),
});

/** A person's days come from their sessions, which are kept together; older months are read with everybody's. */
function useOwnDays(person: string, month: string) {
    const by = hasSessions(month) ? ['user', 'model', 'session', 'agent'] : ['user', 'model'];
    return useReport(reportPath({ month, width: '1d', by, steps: [{ kind: 'person', value: person }] }));
}

const nameOf = (row: CostRow | undefined, person: string) => row?.user_name || row?.user_email || person;

function Days({ place, report, name, month }: { place: Place; report: CostReport; name: string; month: string }) {
    const day: Column<DayLine> = {
        id: 'day', name: 'Day', sort: (line) => line.day,
        show: (line) => <Link to={withMonth(pathOf(place.steps, line.day), month)}>{dayOf(line.day)}</Link>,
    };
    const sessions: Column<DayLine> = {
        id: 'sessions', name: 'Sessions', kind: 'figure', sort: (line) => line.sessions, show: (line) => count(line.sessions),
    };
    return (
        <Card id="their-days" title="Their days">
            <DataTable<DayLine> caption={`Days of ${name}`} rows={dayLines(report)} rowKey={(line) => line.day} pageSize={31}
                columns={[day, models, ...(hasSessions(month) ? [sessions] : []), ...worked]}
                filter={(line) => `${line.day} ${dayOf(line.day)} ${[...line.models].join(' ')}`}
                order={{ by: 'day', descending: true }} empty={<NothingSpent month={month} />} total={totalOf} />
        </Card>
    );
}

function CapStat({ row }: { row: Effective }) {
    return row.amount === null
        ? <Stat name="Monthly cap" value="None" note="Nothing limits them in a month." />
        : <Stat name="Monthly cap" value={money(row.amount)} note={<UsedOf row={row} />} />;
}

export function Person({ place, person, month }: { place: Place; person: string; month: string }) {
    const days = useOwnDays(person, month);
    const cap = useQuery({
        queryKey: ['effective', person],
        queryFn: () => get<{ data: Effective[] }>(`/v1/organizations/spend_limits/effective?user_ids[]=${encodeURIComponent(person)}&period[]=monthly`),
    });
    const known = cap.data?.data[0];
    const rows = rowsOf(days.data);
    const email = rows[0]?.user_email ?? known?.actor.email_address;
    const name = nameOf(rows[0], known?.actor.name || known?.actor.email_address || person);
    return (
        <>
            <Crumbs place={place} month={month} name={name} />
            <PageHead title={name} actions={<MonthPicker month={month} />}
                lead={`${email && email !== name ? `${email}. ` : ''}All that they spent in ${monthOf(month)}, whatever it was for.`} />
            <Loaded from={days} rows={6}>
                {(report) => (
                    <>
                        <div className="stats">
                            <Stat name={month === monthNow() ? 'Month to date' : 'Total'} value={money(sumOf(rows))} note={plural(requestsOf(rows), 'request')} />
                            {month === monthNow() && known && <CapStat row={known} />}
                        </div>
                        <Card id="days" title="Day by day"><Chart report={report} kind="model" month={month} /></Card>
                        {rows.length > 0 && <Days place={place} report={report} name={name} month={month} />}
                    </>
                )}
            </Loaded>
        </>
    );
}

function Sessions({ lines, name, day }: { lines: SessionLine[]; name: string; day: string }) {
    const columns: Column<SessionLine>[] = [
        {
            id: 'session', name: 'Session', sort: (line) => line.session || null,
            show: (line) => (line.session ? <span className="mono">{line.session}</span> : <span className="fine">Without a session</span>),
        },
        models,
        { id: 'agents', name: 'Agents', show: (line) => [...line.agents].map((agent) => <Badge key={agent}>{agent}</Badge>) },
        ...worked,
    ];
    return (
        <DataTable<SessionLine> caption={`Sessions of ${name} on ${dayOf(day)}`} rows={lines} rowKey={(line) => line.session} columns={columns}
            filter={(line) => `${line.session} ${[...line.models, ...line.agents].join(' ')}`}
            order={{ by: 'spend', descending: true }} empty={<Empty title="Nothing was spent that day" />} total={totalOf} />
    );
}

export function Day({ place, person, day }: { place: Place; person: string; day: string }) {
    const month = day.slice(0, 7);
    const days = useOwnDays(person, month);
    const rows = days.data?.data.find((bucket) => bucket.starting_at.startsWith(day))?.results ?? [];
    const name = nameOf(rows[0], person);
    const lines = sessionLines(rows);
    return (
        <>
            <Crumbs place={place} month={month} name={name} />
            <PageHead title={`${name}, ${dayOf(day)}`} lead="Sessions of that day (UTC). What was said in them is not kept." />
            <Loaded from={days} rows={6}>
                {() => (
                    <>
                        <div className="stats">
                            <Stat name="Spend" value={money(sumOf(rows))} note={plural(requestsOf(rows), 'request')} />
                            {hasSessions(month) && <Stat name="Sessions" value={count(lines.length)} />}
                        </div>
                        <Card id="sessions" title="Sessions">
                            {hasSessions(month) ? <Sessions lines={lines} name={name} day={day} />
                                : <Empty title="Sessions of that day are no longer kept">They are kept for 62 days; days and months longer.</Empty>}
                        </Card>
                    </>
                )}
            </Loaded>
        </>
    );
}
