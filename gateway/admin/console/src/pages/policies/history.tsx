// SPDX-License-Identifier: Apache-2.0
// Every version there was, what it changed, and going back to one.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useActorNames } from '../../actor';
import { call, get, type Me } from '../../api';
import { Differences, type Difference } from '../../differences';
import { ago, timeOf } from '../../format';
import { go, useAddress, withQuery } from '../../router';
import { DataTable, type Column } from '../../table';
import { Badge, Button, Card, Empty, Loaded, Sheet } from '../../ui';
import { pathName, root, type Present, type Preview, type Version } from './model';
import { MakeChange } from './preview';

type Row = Omit<Version, 'document' | 'in_force_version'>;
interface Answer { data: Row[]; has_more: boolean; last_id: string | null }

const useVersion = (version: number | null) => useQuery({
    queryKey: ['policies', 'version', version],
    queryFn: () => get<Version>(`${root}/versions/${version}`),
    enabled: version !== null,
    staleTime: Infinity,
});

function Changes({ version }: { version: number }) {
    const itself = useVersion(version);
    const diff = useQuery({
        queryKey: ['policies', 'diff', version],
        queryFn: () => get<{ differences: Difference[]; against: number }>(`${root}/versions/${version}/diff`),
    });
    return (
        <Loaded from={diff}>
            {(data) => (
                <div className="stack">
                    <p className="fine">{data.against === 0 ? 'The first version: everything is new.' : `Compared with version ${data.against}.`}</p>
                    <Differences of={data.differences} name={pathName(itself.data?.document.policies ?? [])} label={`What version ${version} changed`} />
                </div>
            )}
        </Loaded>
    );
}

export function History({ me, present, reload }: { me: Me; present: Present; reload: () => Promise<unknown> }) {
    const queries = useQueryClient();
    const address = useAddress();
    const history = useInfiniteQuery({
        queryKey: ['policies', 'versions'],
        queryFn: ({ pageParam }) => get<Answer>(`${root}/versions?limit=50${pageParam ? `&after_id=${pageParam}` : ''}`),
        initialPageParam: '',
        getNextPageParam: (last) => (last.has_more ? last.last_id : undefined),
    });
    const rows = history.data?.pages.flatMap((page) => page.data) ?? [];
    const nameOf = useActorNames(rows.map((row) => row.author), me);
    const shown = Number(address.searchParams.get('version')) || null;
    const back = Number(address.searchParams.get('back')) || null;
    const earlier = useVersion(back);
    const close = () => go(withQuery({ version: null, back: null, 'affected-q': null, 'affected-page': null, 'affected-sort': null }), true);
    const mayChange = present.source === 'store';
    const columns: Column<Row>[] = [
        {
            id: 'version',
            name: 'Version',
            sort: (row) => row.version,
            show: (row) => <>{row.version} {row.version === present.version && mayChange && <Badge tone="good">Present</Badge>}</>,
        },
        {
            id: 'when',
            name: 'When',
            sort: (row) => row.created_at,
            show: (row) => row.created_at && <time dateTime={row.created_at} title={timeOf(row.created_at)}>{ago(row.created_at)}</time>,
        },
        { id: 'who', name: 'Who', sort: (row) => nameOf(row.author), show: (row) => nameOf(row.author) },
        { id: 'why', name: 'Why', show: (row) => row.reason },
        {
            id: 'act',
            name: 'Look or go back',
            kind: 'actions',
            show: (row) => (
                <span className="actions">
                    <Button look="quiet" aria-label={`Changes of version ${row.version}`} onPress={() => go(withQuery({ version: String(row.version) }), true)}>
                        Changes
                    </Button>
                    {mayChange && row.version !== present.version && (
                        <Button look="quiet" aria-label={`Go back to version ${row.version}`} onPress={() => go(withQuery({ back: String(row.version) }), true)}>
                            Go back
                        </Button>
                    )}
                </span>
            ),
        },
    ];
    const rollBack = async (reason: string) => {
        await call('POST', `${root}/rollback`, { version: back, reason }, { 'if-match': present.etag });
        await Promise.all([reload(), queries.invalidateQueries({ queryKey: ['policies', 'versions'] })]);
    };
    return (
        <Card id="history" title="History" note="Versions are kept for good and never change.">
            <Loaded from={history}>
                {() => (
                    <DataTable caption="Versions" rows={rows} columns={columns}
                        rowKey={(row) => String(row.version)} filter={(row) => `${row.version} ${row.author} ${row.reason}`}
                        order={{ by: 'version', descending: true }}
                        more={history.hasNextPage ? { load: () => void history.fetchNextPage(), busy: history.isFetchingNextPage } : undefined}
                        empty={<Empty title="No versions">Policies that gateway.yaml holds have none: its own history is where you keep the file.</Empty>} />
                )}
            </Loaded>
            <Sheet title={`What version ${shown} changed`} wide open={shown !== null} onClose={close}>
                {(done) => (
                    <>
                        {shown !== null && <Changes version={shown} />}
                        <div className="dialog-foot"><Button onPress={done}>Close</Button></div>
                    </>
                )}
            </Sheet>
            <Sheet title={`Go back to version ${back}?`} wide open={back !== null} onClose={close}>
                {(done) => back !== null && (
                    <MakeChange name="Cancel" action={`Go back to version ${back}`} later={earlier.data?.document.policies ?? []} queryKey={['back', back, present.version]} close={done}
                        dryRun={() => call<Preview>('POST', `${root}/rollback?dry_run=true`, { version: back })}
                        make={rollBack}
                        stale={(retry) => (
                            <div className="notice" role="alert">
                                <p>Somebody else has changed the policies meanwhile. Nothing was overwritten.</p>
                                <Button onPress={() => { void reload(); retry(); }}>See again what it would do</Button>
                            </div>
                        )} />
                )}
            </Sheet>
        </Card>
    );
}
