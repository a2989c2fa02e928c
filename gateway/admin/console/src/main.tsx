// SPDX-License-Identifier: Apache-2.0
// The console's entry: who is signed in decides what there is to see. Each page is loaded when it is first opened.
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { lazy, StrictMode, Suspense, useEffect, type ComponentType } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { ApiError, get, send, signIn, type Me, type Role } from './api';
import { Icon, Mark } from './icons';
import { Link, useAddress } from './router';
import { Button, Empty, Problem, Waiting } from './ui';
import './style.css';

interface Page {
    path: string;
    name: string;
    icon: string;
    roles: Role[];
    show: ComponentType<{ me: Me }>;
}

const roleNames: Record<Role, string> = {
    developer: 'Developer', finance: 'Finance', admin: 'Administrator', service: 'Service key',
};

const everyone: Role[] = ['developer', 'finance', 'admin'];

const pages: Page[] = [
    { path: '/me', name: 'Your access', icon: 'me', roles: everyone, show: lazy(() => import('./pages/me')) },
    { path: '/console/spend', name: 'Spend', icon: 'spend', roles: ['finance', 'admin'], show: lazy(() => import('./pages/spend')) },
    { path: '/console/limits', name: 'Limits', icon: 'limits', roles: ['finance', 'admin'], show: lazy(() => import('./pages/limits')) },
    { path: '/console/policies', name: 'Policies', icon: 'policies', roles: ['admin'], show: lazy(() => import('./pages/policies')) },
    { path: '/console/people', name: 'People', icon: 'people', roles: ['admin'], show: lazy(() => import('./pages/people')) },
    { path: '/console/keys', name: 'Service keys', icon: 'keys', roles: ['admin'], show: lazy(() => import('./pages/keys')) },
    { path: '/console/audit', name: 'Audit trail', icon: 'audit', roles: ['admin'], show: lazy(() => import('./pages/audit')) },
    { path: '/console/upstreams', name: 'Upstreams', icon: 'upstreams', roles: ['admin'], show: lazy(() => import('./pages/upstreams')) },
];

const client = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: 15_000,
            retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
        },
    },
});

/** A path below a page is the page's own; /console is the first page that somebody has. */
function pageAt(path: string, mine: Page[]): Page | undefined {
    if (path === '/console' || path === '/console/') return mine.find((page) => page.path !== '/me') ?? mine[0];
    return mine.find((page) => path === page.path || path.startsWith(`${page.path}/`));
}

async function signOut(): Promise<void> {
    await send('POST', '/logout', {});
    location.assign('/');
}

function Side(props: { me: Me; mine: Page[]; here: Page | undefined }) {
    const { me, mine, here } = props;
    const items = (pages: Page[]) => (
        <ul>
            {pages.map((page) => (
                <li key={page.path}>
                    <Link to={page.path} current={page === here}><Icon name={page.icon} />{page.name}</Link>
                </li>
            ))}
        </ul>
    );
    const rest = mine.filter((page) => page.path !== '/me');
    return (
        <header className="side">
            <Link to="/me" className="brand"><Mark />Gatehouse</Link>
            <nav className="nav" aria-label="Console">
                <div>{items(mine.filter((page) => page.path === '/me'))}</div>
                {rest.length > 0 && <div><p className="nav-title">Organization</p>{items(rest)}</div>}
            </nav>
            <div className="who">
                <div>
                    <strong>{me.user.name || me.user.email || me.user.id}</strong>
                    <span title={me.user.email || me.user.id}>{me.user.email || me.user.id}</span>
                    <span>{roleNames[me.role]}</span>
                </div>
                <Button look="quiet" onPress={() => void signOut()}>Sign out</Button>
            </div>
        </header>
    );
}

/** Only an admin, who may see all of them, can be told that a page is nowhere and not just kept from them. */
function NoPage({ role }: { role: Role }) {
    return role === 'admin' ? (
        <>
            <h1>Not here</h1>
            <Empty title="There is no such page.">
                Its address may be mistyped, or of another version. <Link to="/console">Go to the first page</Link>.
            </Empty>
        </>
    ) : (
        <>
            <h1>Not for you, or not here</h1>
            <Empty title="There is no such page for your role.">
                Finance and admins see more: ask whoever runs Gatehouse if you should.
            </Empty>
        </>
    );
}

function Console() {
    const address = useAddress();
    const me = useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/v1/me') });
    const signedOut = me.error instanceof ApiError && me.error.status === 401;
    useEffect(() => { if (signedOut) signIn(); }, [signedOut]);
    const mine = pages.filter((page) => me.data && page.roles.includes(me.data.role));
    const here = pageAt(address.pathname, mine);
    useEffect(() => { document.title = `${here?.name ?? 'Console'} · Gatehouse`; }, [here]);
    if (signedOut) return <p className="boot" role="status">Taking you to sign in…</p>;
    if (me.data === undefined)
        return me.isPending
            ? <main className="main"><Waiting rows={4} /></main>
            : <main className="main"><h1>Gatehouse</h1><Problem error={me.error} retry={() => void me.refetch()} /></main>;
    return (
        <div className="frame">
            <a className="skip" href="#main">Skip to the page</a>
            <Side me={me.data} mine={mine} here={here} />
            <main className="main" id="main" tabIndex={-1}>
                {me.data.gateway.sample && (
                    <p className="sample" role="note">
                        <strong>Sample data.</strong> This is a demo: usage up to its first start, and everyone named “Sample”, is made up.
                    </p>
                )}
                <Suspense fallback={<Waiting rows={5} />}>
                    {here ? <here.show me={me.data} /> : <NoPage role={me.data.role} />}
                </Suspense>
            </main>
        </div>
    );
}

createRoot(document.getElementById('app')!).render(
    <StrictMode>
        {/* The page is in English whatever the browser is: so are the words that the components say by themselves. */}
        <I18nProvider locale="en-US">
            <QueryClientProvider client={client}><Console /></QueryClientProvider>
        </I18nProvider>
    </StrictMode>,
);
