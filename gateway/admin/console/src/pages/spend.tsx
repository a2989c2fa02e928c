// SPDX-License-Identifier: Apache-2.0
// /console/spend, for finance: what a month cost and will cost, by whom and for what. Further down the path (a group, a
// project, a model, a person, a day) the same is shown of that part alone.
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, type ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { download, get, type Me } from '../api';
import { cents, changeOf, count, dayOf, money, monthOf, plural, shareOf } from '../format';
import { go, Link, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Badge, Button, Card, Empty, Loaded, PageHead, Problem, Waiting } from '../ui';
import {
    focusPath, hasSessions, kinds, monthAfter, monthNow, pathOf, placeAt, reportPath, root, rowsOf, sumOf, words,
    type CostReport, type CostRow, type Effective, type Kind, type Place, type Step, type Summary,
} from './spend/api';
import { Budgets, UsedOf } from './spend/budgets';
import { Invoice } from './spend/invoice';
import { Name, withMonth } from './spend/parts';
import { Unallocated } from './spend/unallocated';

const DayChart = lazy(() => import('../chart'));

/** Days, months and totals are kept for 13 months unless the operator says otherwise. */
const months_back = 13;

const useReport = (path: string) => useQuery({ queryKey: [path], queryFn: () => get<CostReport>(path) });

function MonthPicker({ month }: { month: string }) {
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

function Crumbs({ place, month, name }: { place: Place; month: string; name?: string }) {
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

function Stat(props: { name: string; value: ReactNode; note?: ReactNode }) {
    return (
        <div className="stat">
            <span className="stat-name">{props.name}</span>
            <span className="stat-value">{props.value}</span>
            {props.note && <span className="stat-note">{props.note}</span>}
        </div>
    );
}

const methods = {
    weekdays: (days: number) => `By what each weekday cost in the last ${days} days.`,
    linear: (days: number) => `By the average of the last ${plural(days, 'day')}.`,
    spent: () => 'Too little to go by: what is spent already.',
};

function Figures({ summary }: { summary: Summary }) {
    const now = cents(summary.month_to_date.amount);
    const before = cents(summary.last_month.amount);
    const forecast = summary.forecast;
    return (
        <div className="stats">
            <Stat name={forecast ? 'Month to date' : 'Total'} value={money(now)} note={plural(summary.month_to_date.requests, 'request')} />
            <Stat name={`In all of ${monthOf(monthAfter(summary.month, -1))}`} value={money(before)}
                note={before === 0 ? 'Nothing to compare with.'
                    : forecast ? `${shareOf(now, before)} of that is spent so far.` : `${changeOf(now, before)} in ${monthOf(summary.month)}.`} />
            {forecast && (
                <Stat name="Forecast to month end" value={money(forecast.amount)}
                    note={<>{before > 0 && <>{changeOf(cents(forecast.amount), before)} against last month. </>}{methods[forecast.method](forecast.days_of_history)}</>} />
            )}
            <Stat name="Price book" value={<span className="stat-date">{summary.price_book}</span>} note="Its date or version; what requests are billed by now." />
        </div>
    );
}

function Export({ steps, month, kind }: { steps: Step[]; month: string; kind: Kind }) {
    const csv = useMutation({
        mutationFn: () => download(reportPath({ month, width: '1mo', by: [words[kind].field], steps, csv: true }),
            `spend-${month}-by-${kind}.csv`),
    });
    const focus = useMutation({ mutationFn: () => download(focusPath(month), `focus-${month}.csv`) });
    return (
        <>
            <Button isDisabled={csv.isPending} aria-label={`Export CSV by ${kind}`} onPress={() => csv.mutate()}>Export CSV</Button>
            <Button isDisabled={focus.isPending} onPress={() => focus.mutate()}>Export FOCUS</Button>
            {(csv.error ?? focus.error) && <Problem error={csv.error ?? focus.error} />}
        </>
    );
}

interface Line {
    row: CostRow;
    value: string;
    spent: number;
    before: number;
}

/** This month's rows beside last month's; who spent only then is a row too. */
function linesOf(kind: Kind, now: CostRow[], then: CostRow[]): Line[] {
    const field = words[kind].field;
    const lines = new Map<string, Line>();
    for (const row of now) lines.set(row[field] ?? '', { row, value: row[field] ?? '', spent: cents(row.amount), before: 0 });
    for (const row of then) {
        const line = lines.get(row[field] ?? '');
        if (line) line.before = cents(row.amount);
        else lines.set(row[field] ?? '', { row: { ...row, requests: 0, amount: '0' }, value: row[field] ?? '', spent: 0, before: cents(row.amount) });
    }
    return [...lines.values()];
}

const textOf = ({ row, value }: Line) => `${value} ${row.user_name ?? ''} ${row.user_email ?? ''}`;
const lineKey = (line: Line) => line.value;

function Breakdown({ kind, steps, month }: { kind: Kind; steps: Step[]; month: string }) {
    const by = [words[kind].field];
    const now = useReport(reportPath({ month, width: '1mo', by, steps }));
    const then = useReport(reportPath({ month: monthAfter(month, -1), width: '1mo', by, steps }));
    const lines = useMemo(() => linesOf(kind, rowsOf(now.data), rowsOf(then.data)), [kind, now.data, then.data]);
    const columns = useMemo((): Column<Line>[] => {
        const all = lines.reduce((sum, line) => sum + line.spent, 0);
        return [
            {
                id: 'name', name: words[kind].one, sort: ({ row, value }) => row.user_name || row.user_email || value || null,
                show: ({ row, value }) => <Name kind={kind} row={row} to={withMonth(pathOf([...steps, { kind, value }]), month)} />,
            },
            { id: 'requests', name: 'Requests', kind: 'figure', sort: ({ row }) => row.requests, show: ({ row }) => count(row.requests) },
            { id: 'spend', name: 'Spend', kind: 'figure', sort: (line) => line.spent, show: (line) => money(line.spent) },
            { id: 'share', name: 'Share', kind: 'figure', show: (line) => shareOf(line.spent, all) },
            { id: 'before', name: 'Month before', kind: 'figure', sort: (line) => line.before, show: (line) => money(line.before) },
        ];
    }, [kind, steps, month, lines]);
    return (
        <Loaded from={now} rows={6}>
            {() => (
                <DataTable caption={`Spend by ${words[kind].one.toLowerCase()}`} rows={lines} columns={columns} rowKey={lineKey} filter={textOf}
                    order={{ by: 'spend', descending: true }}
                    empty={<Empty title={`Nothing was spent in ${monthOf(month)}`}>As soon as somebody works through Gatehouse, it is here.</Empty>}
                    total={(shown) => ({
                        requests: count(shown.reduce((sum, line) => sum + line.row.requests, 0)),
                        spend: money(shown.reduce((sum, line) => sum + line.spent, 0)),
                        before: money(shown.reduce((sum, line) => sum + line.before, 0)),
                    })} />
            )}
        </Loaded>
    );
}

const stackable: Kind[] = ['model', 'group', 'project'];

function Days({ steps, month }: { steps: Step[]; month: string }) {
    const open = stackable.filter((kind) => !steps.some((step) => step.kind === kind));
    const asked = useAddress().searchParams.get('stack');
    const kind = open.find((each) => each === asked) ?? open[0] ?? 'model';
    const days = useReport(reportPath({ month, width: '1d', by: [words[kind].field], steps }));
    const points = useMemo(() => (days.data?.data ?? []).flatMap((bucket) => bucket.results.map((row) => ({
        day: bucket.starting_at.slice(0, 10), name: row[words[kind].field] || words[kind].none, cents: cents(row.amount),
    }))), [days.data, kind]);
    return (
        <Card id="days" title="Day by day" actions={open.length > 1 && (
            <label className="inline-field">Stacked by
                <select className="input" value={kind} onChange={(event) => go(withQuery({ stack: event.currentTarget.value }), true)}>
                    {open.map((each) => <option key={each} value={each}>{words[each].one.toLowerCase()}</option>)}
                </select>
            </label>
        )}>
            <Loaded from={days} rows={6}>
                {() => (
                    <Suspense fallback={<Waiting rows={6} />}>
                        <DayChart by={kind} points={points} from={`${month}-01`} to={`${monthAfter(month)}-01`} />
                    </Suspense>
                )}
            </Loaded>
        </Card>
    );
}

const further = { budgets: 'Budgets', unallocated: 'Unallocated', invoice: 'Invoice check' } as const;

function Overview({ place, month }: { place: Place; month: string }) {
    const whole = place.steps.length === 0;
    const summary = useQuery({
        queryKey: ['spend_summary', month],
        queryFn: () => get<Summary>(`/v1/organizations/spend_summary?month=${month}&top=1`),
        enabled: whole,
    });
    const open = kinds.filter((kind) => !place.steps.some((step) => step.kind === kind));
    const tabs = [...open.map((kind) => ({ id: kind as string, name: words[kind].many })),
        ...(whole ? Object.entries(further).map(([id, name]) => ({ id, name })) : [])];
    const asked = useAddress().searchParams.get('by');
    const by = tabs.find((tab) => tab.id === asked)?.id ?? tabs[0]!.id;
    const kind = open.find((each) => each === by) ?? open[0]!;
    const last = place.steps.at(-1);
    return (
        <>
            <Crumbs place={place} month={month} />
            <PageHead title={last ? last.value || words[last.kind].none : 'Spend'}
                lead={last ? `What this ${words[last.kind].one.toLowerCase()} cost in ${monthOf(month)}.` : 'What the models cost, by whom and for what. Days and months are in UTC.'}
                actions={<><MonthPicker month={month} /><Export steps={place.steps} month={month} kind={kind} /></>} />
            {whole ? <Loaded from={summary} rows={2}>{(data) => <Figures summary={data} />}</Loaded> : <PartFigures steps={place.steps} month={month} />}
            <Days steps={place.steps} month={month} />
            <Card id="breakdown" title="Where it went">
                <Tabs selectedKey={by}
                    onSelectionChange={(key) => { if (key !== by) go(withQuery({ by: String(key), q: null, sort: null, page: null }), true); }}>
                    <TabList className="tabs" aria-label="Spend by">
                        {tabs.map((tab) => <Tab key={tab.id} id={tab.id} className="tab">{tab.name}</Tab>)}
                    </TabList>
                    {tabs.map((tab) => (
                        <TabPanel key={tab.id} id={tab.id}>
                            {tab.id === 'budgets' ? <Budgets month={month} />
                                : tab.id === 'unallocated' ? <Loaded from={summary}>{(data) => <Unallocated summary={data} month={month} />}</Loaded>
                                : tab.id === 'invoice' ? <Invoice month={month} />
                                : <Breakdown kind={tab.id as Kind} steps={place.steps} month={month} />}
                        </TabPanel>
                    ))}
                </Tabs>
            </Card>
        </>
    );
}

function PartFigures({ steps, month }: { steps: Step[]; month: string }) {
    const now = useReport(reportPath({ month, width: '1mo', by: [], steps }));
    const then = useReport(reportPath({ month: monthAfter(month, -1), width: '1mo', by: [], steps }));
    const spent = sumOf(rowsOf(now.data));
    const before = sumOf(rowsOf(then.data));
    return (
        <Loaded from={now} rows={2}>
            {() => (
                <div className="stats">
                    <Stat name={month === monthNow() ? 'Month to date' : 'Total'} value={money(spent)}
                        note={plural(rowsOf(now.data).reduce((sum, row) => sum + row.requests, 0), 'request')} />
                    <Stat name={`In all of ${monthOf(monthAfter(month, -1))}`} value={money(before)}
                        note={before > 0 ? `${shareOf(spent, before)} of that in ${monthOf(month)}.` : 'Nothing to compare with.'} />
                </div>
            )}
        </Loaded>
    );
}

interface DayLine {
    day: string;
    requests: number;
    sessions: Set<string>;
    models: Set<string>;
    spent: number;
}

function dayLines(report: CostReport): DayLine[] {
    return report.data.filter((bucket) => bucket.results.length > 0).map((bucket) => ({
        day: bucket.starting_at.slice(0, 10),
        requests: bucket.results.reduce((sum, row) => sum + row.requests, 0),
        sessions: new Set(bucket.results.map((row) => row.session ?? '')),
        models: new Set(bucket.results.map((row) => row.model ?? '')),
        spent: sumOf(bucket.results),
    }));
}

/** A person's days come from their sessions, which are kept together; older months are read with everybody's. */
function useOwnDays(person: string, month: string, steps: Step[]) {
    const by = hasSessions(month) ? ['user', 'model', 'session', 'agent'] : ['user', 'model'];
    return useReport(reportPath({ month, width: '1d', by, steps: steps.filter((step) => step.value === person && step.kind === 'person') }));
}

function Person({ place, person, month }: { place: Place; person: string; month: string }) {
    const days = useOwnDays(person, month, place.steps);
    const rows = rowsOf(days.data);
    const first = rows[0];
    const name = first?.user_name || first?.user_email || person;
    const cap = useQuery({
        queryKey: ['effective', person],
        queryFn: () => get<{ data: Effective[] }>(`/v1/organizations/spend_limits/effective?user_ids[]=${encodeURIComponent(person)}&period[]=monthly`),
        enabled: month === monthNow(),
    });
    const budget = month === monthNow() ? cap.data?.data[0] : undefined;
    return (
        <>
            <Crumbs place={place} month={month} name={name} />
            <PageHead title={name} actions={<MonthPicker month={month} />}
                lead={`${first?.user_email && first.user_email !== name ? `${first.user_email}. ` : ''}All that they spent in ${monthOf(month)}, whatever it was for.`} />
            <Loaded from={days} rows={6}>
                {(report) => (
                    <>
                        <div className="stats">
                            <Stat name={month === monthNow() ? 'Month to date' : 'Total'} value={money(sumOf(rows))}
                                note={plural(rows.reduce((sum, row) => sum + row.requests, 0), 'request')} />
                            {budget && (
                                <Stat name="Monthly cap" value={budget.amount === null ? 'None' : money(budget.amount)}
                                    note={budget.amount === null ? 'Nothing limits them in a month.' : <UsedOf row={budget} />} />
                            )}
                        </div>
                        <Card id="days" title="Day by day">
                            <Suspense fallback={<Waiting rows={6} />}>
                                <DayChart by="model" from={`${month}-01`} to={`${monthAfter(month)}-01`}
                                    points={report.data.flatMap((bucket) => bucket.results.map((row) => ({
                                        day: bucket.starting_at.slice(0, 10), name: row.model || words.model.none, cents: cents(row.amount),
                                    })))} />
                            </Suspense>
                        </Card>
                        <Card id="their-days" title="Their days">
                            <DataTable caption={`Days of ${name}`} rows={dayLines(report)} rowKey={(line) => line.day} pageSize={31}
                                filter={(line) => `${line.day} ${dayOf(line.day)} ${[...line.models].join(' ')}`}
                                order={{ by: 'day', descending: true }}
                                empty={<Empty title={`Nothing was spent in ${monthOf(month)}`}>Choose another month above.</Empty>}
                                columns={[
                                    { id: 'day', name: 'Day', sort: (line) => line.day, show: (line) => <Link to={withMonth(pathOf(place.steps, line.day), month)}>{dayOf(line.day)}</Link> },
                                    { id: 'models', name: 'Models', show: (line) => [...line.models].join(', ') },
                                    ...(hasSessions(month) ? [{
                                        id: 'sessions', name: 'Sessions', kind: 'figure', sort: (line: DayLine) => line.sessions.size,
                                        show: (line: DayLine) => count(line.sessions.size),
                                    } as Column<DayLine>] : []),
                                    { id: 'requests', name: 'Requests', kind: 'figure', sort: (line) => line.requests, show: (line) => count(line.requests) },
                                    { id: 'spend', name: 'Spend', kind: 'figure', sort: (line) => line.spent, show: (line) => money(line.spent) },
                                ]}
                                total={(shown) => ({
                                    requests: count(shown.reduce((sum, line) => sum + line.requests, 0)),
                                    spend: money(shown.reduce((sum, line) => sum + line.spent, 0)),
                                })} />
                        </Card>
                    </>
                )}
            </Loaded>
        </>
    );
}

interface SessionLine {
    session: string;
    agents: Set<string>;
    models: Set<string>;
    requests: number;
    spent: number;
}

function sessionLines(rows: CostRow[]): SessionLine[] {
    const lines = new Map<string, SessionLine>();
    for (const row of rows) {
        const session = row.session ?? '';
        const line = lines.get(session) ?? { session, agents: new Set(), models: new Set(), requests: 0, spent: 0 };
        if (row.agent) line.agents.add(row.agent);
        if (row.model) line.models.add(row.model);
        line.requests += row.requests;
        line.spent += cents(row.amount);
        lines.set(session, line);
    }
    return [...lines.values()];
}

function Day({ place, person, day }: { place: Place; person: string; day: string }) {
    const month = day.slice(0, 7);
    const days = useOwnDays(person, month, place.steps);
    const rows = days.data?.data.find((bucket) => bucket.starting_at.startsWith(day))?.results ?? [];
    const first = rows[0];
    const name = first?.user_name || first?.user_email || person;
    const lines = sessionLines(rows);
    return (
        <>
            <Crumbs place={place} month={month} name={name} />
            <PageHead title={`${name}, ${dayOf(day)}`} lead="Sessions of that day (UTC). What was said in them is not kept." />
            <Loaded from={days} rows={6}>
                {() => (
                    <>
                        <div className="stats">
                            <Stat name="Spend" value={money(sumOf(rows))} note={plural(rows.reduce((sum, row) => sum + row.requests, 0), 'request')} />
                            <Stat name="Sessions" value={hasSessions(month) ? count(lines.length) : '–'} />
                        </div>
                        <Card id="sessions" title="Sessions">
                            {hasSessions(month) ? (
                                <DataTable caption={`Sessions of ${name} on ${dayOf(day)}`} rows={lines} rowKey={(line) => line.session}
                                    filter={(line) => `${line.session} ${[...line.models, ...line.agents].join(' ')}`}
                                    order={{ by: 'spend', descending: true }} empty={<Empty title="Nothing was spent that day" />}
                                    columns={[
                                        { id: 'session', name: 'Session', sort: (line) => line.session || null, show: (line) => line.session
                                            ? <span className="mono">{line.session}</span> : <span className="fine">Without a session</span> },
                                        { id: 'models', name: 'Models', show: (line) => [...line.models].join(', ') },
                                        { id: 'agents', name: 'Agents', show: (line) => [...line.agents].map((agent) => <Badge key={agent}>{agent}</Badge>) },
                                        { id: 'requests', name: 'Requests', kind: 'figure', sort: (line) => line.requests, show: (line) => count(line.requests) },
                                        { id: 'spend', name: 'Spend', kind: 'figure', sort: (line) => line.spent, show: (line) => money(line.spent) },
                                    ]} />
                            ) : <Empty title="Sessions of that day are no longer kept">They are kept for 62 days; days and months longer.</Empty>}
                        </Card>
                    </>
                )}
            </Loaded>
        </>
    );
}

export default function SpendPage(_: { me: Me }) {
    const address = useAddress();
    const place = useMemo(() => placeAt(address.pathname), [address.pathname]);
    const asked = address.searchParams.get('month') ?? '';
    const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) && asked <= monthNow() ? asked : monthNow();
    if (place.person && place.day) return <Day place={place} person={place.person} day={place.day} />;
    if (place.person) return <Person place={place} person={place.person} month={month} />;
    return <Overview place={place} month={month} />;
}
