// SPDX-License-Identifier: Apache-2.0
// /console/people: who was seen here, when, what holds for them and what they are signed in with. One person is
// /console/people/<id>.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { get, type Me } from '../api';
import { Chooser } from '../form';
import { ago, plural } from '../format';
import { choiceOf, useGroups } from '../groups';
import { MonthSpend } from '../month';
import { go, Link, useAddress, withQuery } from '../router';
import { DataTable, type Column } from '../table';
import { Badge, Card, Empty, Loaded, PageHead } from '../ui';
import Person from './people/person';
import { nameOf, pathOf, policyName, type User, type UserPage } from './people/user';

const root = '/console/people/';
const shown_groups = 3;

function Groups({ of }: { of: string[] }) {
    if (of.length === 0) return <span className="fine">None</span>;
    const rest = of.slice(shown_groups);
    return (
        <span title={of.join(', ')}>
            {of.slice(0, shown_groups).join(', ')}
            {rest.length > 0 && <span className="fine"> and {plural(rest.length, 'other')}</span>}
        </span>
    );
}

const columns: Column<User>[] = [
    {
        id: 'name', name: 'Person', sort: (user) => nameOf(user),
        show: (user) => (
            <span className="name person">
                <span className="who-name">
                    <Link to={pathOf(user.id)}>{nameOf(user)}</Link>
                    {user.role !== 'developer' && <Badge tone="info">{user.role === 'admin' ? 'Admin' : 'Finance'}</Badge>}
                </span>
                <span>{user.email && user.email !== nameOf(user) ? user.email : user.id}</span>
            </span>
        ),
    },
    { id: 'seen', name: 'Last seen', sort: (user) => user.last_seen_at, show: (user) => <span className="nowrap">{ago(user.last_seen_at)}</span> },
    { id: 'groups', name: 'Groups', show: (user) => <Groups of={user.groups} /> },
    { id: 'policy', name: 'Policy', sort: (user) => user.policy, show: (user) => user.policy ? policyName(user.policy) : <span className="fine">None</span> },
    { id: 'sessions', name: 'Sessions', kind: 'figure', sort: (user) => user.sessions, show: (user) => user.sessions },
    { id: 'keys', name: 'Keys', kind: 'figure', sort: (user) => user.personal_keys, show: (user) => user.personal_keys },
    { id: 'spend', name: 'This month', kind: 'figure', show: (user) => <MonthSpend id={user.id} /> },
];

function List() {
    const query = useAddress().searchParams;
    const group = query.get('group') ?? '';
    const [isWhole, setWhole] = useState(true);
    // Whoever is not fetched yet is only found where everybody is.
    const words = isWhole ? '' : (query.get('q') ?? '').trim();
    const found = useInfiniteQuery({
        queryKey: ['people', group, words],
        queryFn: async ({ pageParam }) => {
            const asked = new URLSearchParams({ limit: '1000' });
            if (group) asked.set('group', group);
            if (words) asked.set('q', words);
            if (pageParam) asked.set('page', pageParam);
            const page = await get<UserPage>(`/v1/organizations/users?${asked}`);
            if (!words && !pageParam) setWhole(page.next_page === null);
            return page;
        },
        initialPageParam: '',
        getNextPageParam: (last) => last.next_page ?? undefined,
        placeholderData: (before) => before,
    });
    const groups = useGroups();
    const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data) ?? [], [found.data]);
    return (
        <>
            <PageHead title="People" lead="Everyone who was seen here: when, in which groups, under which policy, and what they are signed in with." />
            <Card id="people" title="People" note={found.data && plural(found.data.pages[0]?.total ?? 0, 'person', 'people')}>
                <Loaded from={found} rows={8}>
                    {() => (
                        <DataTable caption="People" rows={rows} columns={columns} rowKey={(user) => user.id}
                            filter={(user) => [user.name, user.email, user.id, ...user.groups].join(' ')}
                            order={{ by: 'seen', descending: true }}
                            more={found.hasNextPage ? { load: () => void found.fetchNextPage(), busy: found.isFetchingNextPage } : undefined}
                            tools={
                                <Chooser label="Group" value={group} placeholder="Any group" empty="Nobody of such a group was seen here."
                                    onChange={(value) => go(withQuery({ group: value || null, page: null }), true)}
                                    choices={groups.map(choiceOf)} />
                            }
                            empty={group || query.get('q')
                                ? <Empty title="Nobody fits">Look for another name, or in any group.</Empty>
                                : <Empty title="Nobody was seen here yet">Who signs in and sends a first request appears here. “Your access” has the lines that connect Claude Code: send them to a colleague.</Empty>} />
                    )}
                </Loaded>
            </Card>
        </>
    );
}

export default function PeoplePage({ me }: { me: Me }) {
    const path = useAddress().pathname;
    const id = path.startsWith(root) ? decodeURIComponent(path.slice(root.length)) : '';
    return id ? <Person key={id} id={id} me={me} /> : <List />;
}
