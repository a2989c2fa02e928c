// SPDX-License-Identifier: Apache-2.0
// /console/policies: which groups get which models, settings and limits; what a change would do before it is made; the
// history; and why somebody may or may not.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import { inSentence, useActorNames } from '../actor';
import { call, get, type Me } from '../api';
import { Differences, type Difference } from '../differences';
import { ago, plural } from '../format';
import { go, Link, useAddress, withQuery } from '../router';
import { Button, Card, Code, Confirm, Empty, Loaded, PageHead, Sheet, Waiting } from '../ui';
import { PolicyEditor } from './policies/editor';
import { History } from './policies/history';
import { isSame, pathName, readPresent, root, tryOut, whom, type Notice, type Policy, type Present, type Version } from './policies/model';
import { PolicyOrder, type Row } from './policies/order';
import { MakeChange } from './policies/preview';

const Explain = lazy(() => import('./policies/explain'));

/** What is being changed, of the version that it began with. Kept while other pages are looked at. */
interface Draft {
    base: Pick<Present, 'version' | 'etag'>;
    rows: Row[];
}

let draft: Draft | null = null;
const watchers = new Set<() => void>();
let made = 0;

function keep(next: Draft | null): void {
    draft = next;
    for (const notice of watchers) notice();
}

const useDraft = () => useSyncExternalStore((notice) => { watchers.add(notice); return () => watchers.delete(notice); }, () => draft);

const toRow = (policy: Policy): Row => ({ id: `p${++made}`, policy });
const toPolicies = (rows: Row[]): Policy[] => rows.map((row) => row.policy);
const closed = { 'affected-q': null, 'affected-page': null, 'affected-sort': null };

/** Somebody else made a version: what they changed, and the choice to put the draft on top of it. */
function Overtaken(props: { me: Me; base: number; keepMine: (present: Present) => void; takeTheirs: () => void }) {
    const theirs = useQuery({
        queryKey: ['policies', 'overtaken', props.base],
        queryFn: async () => {
            const present = await readPresent();
            const diff = await get<{ differences: Difference[] }>(`${root}/versions/${present.version}/diff?against=${props.base}`);
            return { present, differences: diff.differences };
        },
        staleTime: 0,
    });
    const nameOf = useActorNames(theirs.data ? [theirs.data.present.author] : [], props.me);
    return (
        <div className="notice stack" role="alert">
            <p><strong>Somebody else has changed the policies meanwhile.</strong> Nothing was overwritten, and your draft is kept.</p>
            <Loaded from={theirs}>
                {({ present, differences }) => (
                    <>
                        <p>
                            Version {present.version} is by {inSentence(nameOf(present.author))}
                            {present.created_at && `, ${ago(present.created_at)}`}: “{present.reason}”. It changed:
                        </p>
                        <Differences of={differences} label="What they changed" name={pathName(present.document.policies)} />
                        <p>Your draft holds none of that. Go on with it to see what it would change in version {present.version}, and put their changes into it where they should stay.</p>
                        <div className="dialog-foot">
                            <Button look="danger" onPress={props.takeTheirs}>Discard my draft</Button>
                            <Button look="primary" onPress={() => props.keepMine(present)}>Go on with my draft</Button>
                        </div>
                    </>
                )}
            </Loaded>
        </div>
    );
}

function Standing({ me, present }: { me: Me; present: Present }) {
    const nameOf = useActorNames([present.author], me);
    if (present.source === 'file')
        return (
            <div className="notice" role="note">
                <strong>These policies are in gateway.yaml and cannot be changed here.</strong>
                <p>
                    Change <code>managed.policies</code> in that file and send the gateway SIGHUP. To change them here and keep their
                    history, set <code>managed.source: store</code> and restart: the file’s policies become version 1.
                </p>
            </div>
        );
    return (
        <>
            <p className="fine">
                Version {present.version} by {inSentence(nameOf(present.author))}{present.created_at && `, ${ago(present.created_at)}`}
                {present.reason && `: “${present.reason}”`}
            </p>
            {present.in_force_version !== present.version && (
                <div className="notice" role="alert">
                    The gateway that answered still applies version {present.in_force_version}: it could not read version {present.version}.
                    Its log names the faults; it may be older than the one that wrote it.
                </div>
            )}
        </>
    );
}

function Shown({ policy, close }: { policy: Policy; close: () => void }) {
    return (
        <>
            <Code text={JSON.stringify(policy, null, 2)} label={`The policy for ${whom(policy)}`} />
            <div className="dialog-foot"><Button onPress={close}>Close</Button></div>
        </>
    );
}

function Policies({ me, present, reload }: { me: Me; present: Present; reload: () => Promise<unknown> }) {
    const queries = useQueryClient();
    const mine = useDraft();
    const [fresh, setFresh] = useState(() => ({ version: present.version, rows: present.document.policies.map(toRow) }));
    const [editing, setEditing] = useState<string | null>(null);
    const [adding, setAdding] = useState(false);
    const [reviewing, setReviewing] = useState(false);
    const [notices, setNotices] = useState<Notice[]>([]);
    const [saved, setSaved] = useState<number | null>(null);
    if (fresh.version !== present.version) setFresh({ version: present.version, rows: present.document.policies.map(toRow) });

    const rows = mine?.rows ?? fresh.rows;
    const isReadOnly = present.source === 'file';
    const isChanged = mine !== null;
    useEffect(() => {
        if (!isChanged) return undefined;
        const ask = (event: BeforeUnloadEvent) => event.preventDefault();
        addEventListener('beforeunload', ask);
        return () => removeEventListener('beforeunload', ask);
    }, [isChanged]);

    const change = (next: Row[]) => {
        const base = mine?.base ?? { version: present.version, etag: present.etag };
        const isBack = base.version === present.version && isSame(toPolicies(next), present.document.policies);
        setSaved(null);
        keep(isBack ? null : { base, rows: next });
    };
    const opened = rows.find((row) => row.id === editing);
    const make = async (reason: string) => {
        const answer = await call<Version & { notices: Notice[] }>('PUT', root, { policies: toPolicies(rows), reason },
            { 'if-match': mine?.base.etag ?? present.etag });
        keep(null);
        setNotices(answer.notices);
        setSaved(answer.version);
        await Promise.all([reload(), queries.invalidateQueries({ queryKey: ['policies', 'versions'] })]);
    };
    const closeReview = () => { setReviewing(false); go(withQuery(closed), true); };
    /** A new policy goes in front of the first for everyone: behind it nobody would get it. */
    const add = (policy: Policy) => {
        const everyone = rows.findIndex((row) => whom(row.policy) === 'Everyone');
        const at = everyone < 0 || whom(policy) === 'Everyone' ? rows.length : everyone;
        return { rows: [...rows.slice(0, at), toRow(policy), ...rows.slice(at)], at };
    };
    return (
        <Card id="policies" title="Who gets what"
            note="The first policy that fits somebody is theirs; what it leaves open they have from the policy for everyone."
            actions={!isReadOnly && <Button onPress={() => setAdding(true)}>Add a policy</Button>}>
            <div className="stack">
                <Standing me={me} present={present} />
                {saved !== null && <p className="good-news" role="status">Version {saved} is in force here, and on every other replica within a second.</p>}
                {saved !== null && notices.length > 0 && (
                    <div className="notice" role="note">
                        <strong>Odd, but not wrong</strong>
                        <ul>{notices.map((each) => <li key={each.path}><span className="mono">{each.path}</span> {each.message}</li>)}</ul>
                    </div>
                )}
                {rows.length === 0
                    ? <Empty title="No policies">Everybody may use every model that is offered here. Add a policy to change that.</Empty>
                    : <PolicyOrder rows={rows} isReadOnly={isReadOnly} change={change} open={setEditing}
                        remove={(id) => change(rows.filter((row) => row.id !== id))} />}
                {mine && (
                    <div className="draft-bar" role="region" aria-label="Your draft">
                        <p><strong>A draft, not in force yet.</strong> It changes version {mine.base.version}, and holds {plural(rows.length, 'policy', 'policies')}.</p>
                        <div className="actions">
                            <Confirm title="Discard your draft?" action="Discard the draft" run={async () => { keep(null); await reload(); }}
                                trigger={<Button look="quiet">Discard</Button>}>
                                <p>What you changed since version {mine.base.version} is lost.</p>
                            </Confirm>
                            <Button look="primary" onPress={() => setReviewing(true)}>See what it would do</Button>
                        </div>
                    </div>
                )}
            </div>
            <Sheet title={opened ? `Policy for ${whom(opened.policy)}` : ''} wide sticky={!isReadOnly} open={opened !== undefined} onClose={() => setEditing(null)}>
                {(close) => opened && (isReadOnly ? <Shown policy={opened.policy} close={close} /> : (
                    <PolicyEditor policy={opened.policy} close={close}
                        place={(policy) => ({
                            policies: rows.map((row) => (row.id === opened.id ? policy : row.policy)),
                            index: rows.indexOf(opened),
                        })}
                        done={(policy) => change(rows.map((row) => (row.id === opened.id ? { ...row, policy } : row)))} />
                ))}
            </Sheet>
            <Sheet title="A new policy" wide sticky open={adding} onClose={() => setAdding(false)}>
                {(close) => (
                    <PolicyEditor policy={{ match: {}, cli: {} }} close={close}
                        place={(policy) => { const with_it = add(policy); return { policies: toPolicies(with_it.rows), index: with_it.at }; }}
                        done={(policy) => change(add(policy).rows)} />
                )}
            </Sheet>
            <Sheet title="What your draft would do" wide sticky open={reviewing} onClose={closeReview}>
                {(close) => mine && (
                    <MakeChange name="Back to the draft" action="Save and put in force" close={close} make={make}
                        later={toPolicies(rows)} queryKey={['draft', present.version, mine.base.version, toPolicies(rows)]} dryRun={() => tryOut(toPolicies(rows))}
                        stale={(retry) => (
                            <Overtaken me={me} base={mine.base.version}
                                keepMine={(theirs) => { keep({ base: { version: theirs.version, etag: theirs.etag }, rows }); void reload(); retry(); }}
                                takeTheirs={() => { keep(null); void reload(); close(); }} />
                        )} />
                )}
            </Sheet>
        </Card>
    );
}

const tabs = [
    { path: '/console/policies', name: 'Policies' },
    { path: '/console/policies/history', name: 'History' },
    { path: '/console/policies/explain', name: 'Explain' },
];

export default function PoliciesPage({ me }: { me: Me }) {
    const path = useAddress().pathname.replace(/\/$/, '');
    const here = tabs.find((tab) => tab.path === path) ?? tabs[0]!;
    const present = useQuery({ queryKey: ['policies', 'present'], queryFn: readPresent });
    return (
        <>
            <PageHead title="Policies" lead="Which models your groups may use, how fast, and with which settings of Claude Code." />
            <nav className="tabs" aria-label="Policies">
                {tabs.map((tab) => <Link key={tab.path} to={tab.path} className="tab" current={tab === here}>{tab.name}</Link>)}
            </nav>
            {here.name === 'Explain' ? <Suspense fallback={<Waiting rows={5} />}><Explain /></Suspense> : (
                <Loaded from={present} rows={6}>
                    {(data) => here.name === 'History'
                        ? <History me={me} present={data} reload={() => present.refetch()} />
                        : <Policies me={me} present={data} reload={() => present.refetch()} />}
                </Loaded>
            )}
        </>
    );
}
