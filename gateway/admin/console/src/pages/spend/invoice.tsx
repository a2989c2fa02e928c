// SPDX-License-Identifier: Apache-2.0
// The invoice check: the provider's own report beside what was metered, by day and model. The file goes to the gateway, is
// compared there and kept nowhere.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { get, upload } from '../../api';
import { dayOf, dollarsOf } from '../../format';
import { DataTable } from '../../table';
import { Badge, Button, Empty, Problem, Waiting } from '../../ui';
import { reportPath, rowsOf, type CostReport, type InvoiceCheck } from './api';

const most_bytes = 8 * 1024 * 1024;
/** Half a cent: what a printed figure cannot show. */
const slack = 0.005;

type Verdict = 'Matches' | 'Differs' | 'Only theirs' | 'Only ours';

interface Line {
    key: string;
    date: string;
    model: string;
    theirs: number | null;
    ours: number | null;
    difference: number;
    verdict: Verdict;
}

function linesOf(check: InvoiceCheck): Line[] {
    const line = (of: InvoiceCheck['results'][number], at: number, verdict: Verdict | null): Line => {
        const theirs = Number(of.theirs_usd);
        const ours = Number(of.ours_usd ?? 0);
        const difference = Number(of.difference_usd ?? theirs - ours);
        return {
            key: `${verdict} ${of.date} ${of.model} ${at}`,
            date: of.date,
            model: of.model ?? of.description ?? 'Unnamed',
            theirs: verdict === 'Only ours' ? null : theirs,
            ours: verdict === 'Only theirs' ? null : ours,
            difference,
            verdict: verdict ?? (Math.abs(difference) < slack ? 'Matches' : 'Differs'),
        };
    };
    return [
        ...check.results.map((each, at) => line(each, at, null)),
        ...check.unmatched.theirs.map((each, at) => line(each, at, 'Only theirs')),
        ...check.unmatched.ours.map((each, at) => line(each, at, 'Only ours')),
    ];
}

function Differences({ check }: { check: InvoiceCheck }) {
    const lines = linesOf(check);
    const off = lines.filter((line) => line.verdict !== 'Matches').length;
    const difference = Number(check.total.difference_usd);
    return (
        <div className="stack">
            <div className="stats" role="status" aria-label="Result of the check">
                <div className="stat"><span className="stat-name">They charge</span><span className="stat-value">{dollarsOf(Number(check.total.theirs_usd))}</span></div>
                <div className="stat"><span className="stat-name">We metered</span><span className="stat-value">{dollarsOf(Number(check.total.ours_usd))}</span></div>
                <div className="stat">
                    <span className="stat-name">Difference</span>
                    <span className="stat-value">{dollarsOf(difference)}</span>
                    <span className="stat-note">{off === 0 ? 'Every day and model matches.' : `${off} of ${lines.length} days and models differ.`}</span>
                </div>
            </div>
            {check.first_date && check.last_date && (
                <p className="fine">
                    Compared from {dayOf(check.first_date)} to {dayOf(check.last_date)}.
                    {check.ignored_rows > 0 && ` ${check.ignored_rows} rows are about something else and were left out.`}
                </p>
            )}
            <DataTable caption="Differences by day and model" prefix="check" rows={lines} rowKey={(line) => line.key}
                filter={(line) => `${line.date} ${dayOf(line.date)} ${line.model} ${line.verdict}`}
                order={{ by: 'difference', descending: true }}
                empty={<Empty title="The report has no rows that can be compared" />}
                columns={[
                    { id: 'model', name: 'Model', sort: (line) => line.model, show: (line) => line.model },
                    { id: 'date', name: 'Day', sort: (line) => line.date, show: (line) => dayOf(line.date) },
                    { id: 'theirs', name: 'Theirs', kind: 'figure', sort: (line) => line.theirs, show: (line) => (line.theirs === null ? '–' : dollarsOf(line.theirs)) },
                    { id: 'ours', name: 'Ours', kind: 'figure', sort: (line) => line.ours, show: (line) => (line.ours === null ? '–' : dollarsOf(line.ours)) },
                    { id: 'difference', name: 'Difference', kind: 'figure', sort: (line) => Math.abs(line.difference), show: (line) => dollarsOf(line.difference) },
                    { id: 'verdict', name: 'Result', sort: (line) => line.verdict, show: (line) => <Badge tone={line.verdict === 'Matches' ? 'good' : 'warn'}>{line.verdict}</Badge> },
                ]} />
            <details>
                <summary>Where differences come from</summary>
                <ul className="reasons">
                    <li>Only theirs, without a model: web searches, which we count into their model’s cost, or taxes and credits.</li>
                    <li>A model that only they have: traffic that does not go through the gateway.</li>
                    <li>Always off by the same factor: a negotiated discount. The operator sets <code>pricing.multiplier</code>.</li>
                    <li>One day a little more, the next a little less: we count a request on the day that it ended.</li>
                </ul>
            </details>
        </div>
    );
}

export function Invoice({ month }: { month: string }) {
    const id = useId();
    const [file, setFile] = useState<File | null>(null);
    const [upstream, setUpstream] = useState('');
    const used = reportPath({ month, width: '1mo', by: ['upstream'] });
    const upstreams = useQuery({ queryKey: [used], queryFn: () => get<CostReport>(used) });
    const names = rowsOf(upstreams.data).flatMap((row) => row.upstream ?? []);
    const check = useMutation({
        mutationFn: async (report: File) => {
            if (report.size > most_bytes) throw new Error('The file is larger than 8 MiB: send one month of one provider.');
            const text = await report.text();
            const type = /^\s*[[{]/.test(text) ? 'application/json' : 'text/csv';
            return upload<InvoiceCheck>(`/v1/organizations/invoice_check${upstream ? `?upstreams[]=${encodeURIComponent(upstream)}` : ''}`, text, type);
        },
    });
    return (
        <div className="stack">
            <p className="note">
                Give the provider’s cost report: the answer of Anthropic’s cost report API (JSON), the cost export of its console (CSV), or an AWS Cost and
                Usage Report (CSV). It is compared with what was metered, by day and model. Nothing is kept.
            </p>
            <form className="row" aria-label="Check an invoice" onSubmit={(event) => { event.preventDefault(); if (file) check.mutate(file); }}>
                <div className="field">
                    <label htmlFor={`${id}-file`}>The provider’s report</label>
                    <input id={`${id}-file`} type="file" className="input" accept=".json,.csv,application/json,text/csv" required
                        onChange={(event) => { setFile(event.currentTarget.files?.[0] ?? null); check.reset(); }} />
                </div>
                <div className="field">
                    <label htmlFor={`${id}-of`}>Billed for</label>
                    <select id={`${id}-of`} className="input" value={upstream} onChange={(event) => setUpstream(event.currentTarget.value)}>
                        <option value="">Every upstream</option>
                        {names.map((name) => <option key={name} value={name}>{name}</option>)}
                    </select>
                </div>
                <Button look="primary" type="submit" isDisabled={!file || check.isPending}>Compare</Button>
            </form>
            {check.isPending && <Waiting rows={4} />}
            {check.error && <Problem error={check.error} />}
            {check.data && <Differences check={check.data} />}
        </div>
    );
}
