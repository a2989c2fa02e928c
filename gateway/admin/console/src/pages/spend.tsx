// SPDX-License-Identifier: Apache-2.0
// /console/spend, for finance: what a month cost and will cost, by whom and for what. Further down the path (a group, a
// project, a model, a person, a day) the same is shown of that part alone.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { download, get, type Me } from '../api';
import { cents, changeOf, count, money, monthOf, plural, shareOf } from '../format';
import { go, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Button, Card, Loaded, PageHead, Problem } from '../ui';
import {
    focusPath, kinds, monthAfter, monthNow, pathOf, placeAt, reportPath, rowsOf, sumOf, words, type CostRow, type Kind, type Place,
    type Step, type Summary,
} from './spend/api';
import { Budgets } from './spend/budgets';
import { Invoice } from './spend/invoice';
import { Chart, Crumbs, MonthPicker, Name, NothingSpent, Stat, useReport, withMonth } from './spend/parts';
import { Day, Person } from './spend/person';
import { Unallocated } from './spend/unallocated';

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
            {steps.length === 0 && <Button isDisabled={focus.isPending} onPress={() => focus.mutate()}>Export FOCUS</Button>}
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
                    empty={<NothingSpent month={month} />}
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
    return (
        <Card id="days" title="Day by day" actions={open.length > 1 && (
            <label className="inline-field">Stacked by
                <select className="input" value={kind} onChange={(event) => go(withQuery({ stack: event.currentTarget.value }), true)}>
                    {open.map((each) => <option key={each} value={each}>{words[each].one.toLowerCase()}</option>)}
                </select>
            </label>
        )}>
            <Loaded from={days} rows={6}>
                {(report) => <Chart report={report} kind={kind} month={month} />}
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

export default function SpendPage(_: { me: Me }) {
    const address = useAddress();
    const place = useMemo(() => placeAt(address.pathname), [address.pathname]);
    const asked = address.searchParams.get('month') ?? '';
    const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) && asked <= monthNow() ? asked : monthNow();
    if (place.person && place.day) return <Day place={place} person={place.person} day={place.day} />;
    if (place.person) return <Person place={place} person={place.person} month={month} />;
    return <Overview place={place} month={month} />;
}
