// SPDX-License-Identifier: Apache-2.0
// Spend that no group or no project answers for: how much it is, who made it, and what would give it an owner.
import { useQuery } from '@tanstack/react-query';
import { get } from '../../api';
import { cents, count, money, monthOf, shareOf } from '../../format';
import { DataTable, type Column } from '../../table';
import { Empty, Loaded } from '../../ui';
import { pathOf, reportPath, rowsOf, type CostReport, type CostRow, type Summary } from './api';
import { Name, withMonth } from './parts';

const spent: Column<CostRow>[] = [
    { id: 'requests', name: 'Requests', kind: 'figure', sort: (row) => row.requests, show: (row) => count(row.requests) },
    { id: 'spend', name: 'Spend', kind: 'figure', sort: (row) => cents(row.amount), show: (row) => money(row.amount) },
];

function Whose(props: { month: string; kind: 'group' | 'project'; caption: string; none: string }) {
    const { month, kind } = props;
    const path = reportPath({ month, width: '1mo', by: kind === 'group' ? ['user'] : ['user', 'group'], steps: [{ kind, value: '' }] });
    const report = useQuery({ queryKey: [path], queryFn: () => get<CostReport>(path) });
    const link = (row: CostRow) => withMonth(pathOf([{ kind: 'person', value: row.user ?? '' }]), month);
    const owner: Column<CostRow> = {
        id: 'owner', name: 'Group that could own it', sort: (row) => row.group ?? null,
        show: (row) => row.group ?? <span className="fine">No group either</span>,
    };
    return (
        <Loaded from={report}>
            {() => (
                <DataTable caption={props.caption} prefix={kind} rows={rowsOf(report.data)} rowKey={(row) => `${row.user} ${row.group ?? ''}`}
                    filter={(row) => `${row.user} ${row.user_name ?? ''} ${row.user_email ?? ''} ${row.group ?? ''}`}
                    order={{ by: 'spend', descending: true }} pageSize={20}
                    empty={<Empty title={props.none} />}
                    columns={[
                        { id: 'person', name: 'Person', sort: (row) => row.user_name || row.user_email || row.user || null, show: (row) => <Name kind="person" row={row} to={link(row)} /> },
                        ...(kind === 'project' ? [owner] : []),
                        ...spent,
                    ]} />
            )}
        </Loaded>
    );
}

export function Unallocated({ summary, month }: { summary: Summary; month: string }) {
    const all = cents(summary.month_to_date.amount);
    const { no_group, no_project } = summary.unallocated;
    return (
        <div className="stack">
            <section className="stack" aria-labelledby="no-group">
                <div>
                    <h3 id="no-group">{money(no_group.amount)} without a group</h3>
                    <p className="note">
                        {shareOf(cents(no_group.amount), all)} of {monthOf(month)}. These people are in no group that the identity provider sends. Put them
                        into one there: it counts from their next sign-in on. What is spent already stays where it is.
                    </p>
                </div>
                <Whose month={month} kind="group" caption="Spend without a group" none="Every request belongs to a group" />
            </section>
            <section className="stack" aria-labelledby="no-project">
                <div>
                    <h3 id="no-project">{money(no_project.amount)} without a project</h3>
                    <p className="note">
                        {shareOf(cents(no_project.amount), all)} of {monthOf(month)}. A request belongs to the project that it names in the header or tag that
                        the operator configured. The people below named none; their group is who could own it.
                    </p>
                </div>
                <Whose month={month} kind="project" caption="Spend without a project" none="Every request names a project" />
            </section>
        </div>
    );
}
