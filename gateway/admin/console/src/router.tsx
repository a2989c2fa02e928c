// SPDX-License-Identifier: Apache-2.0
// Where the person is: the path and query of the address bar, and links that change them without loading the page.
import { useSyncExternalStore, type MouseEvent, type ReactNode } from 'react';

const changed = 'gatehouse:moved';

function subscribe(notice: () => void): () => void {
    addEventListener('popstate', notice);
    addEventListener(changed, notice);
    return () => {
        removeEventListener('popstate', notice);
        removeEventListener(changed, notice);
    };
}

export function useAddress(): URL {
    return new URL(useSyncExternalStore(subscribe, () => location.href));
}

export function go(to: string, replace = false): void {
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    dispatchEvent(new Event(changed));
    if (!replace) {
        scrollTo(0, 0);
        document.querySelector<HTMLElement>('main')?.focus();
    }
}

/** The present address with some of its parameters changed; null takes one away. */
export function withQuery(changes: Record<string, string | null>): string {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes))
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
    return url.pathname + url.search;
}

/** The query that asks the API for what the address's filters say; those without a value ask for nothing. */
export function askedOf(query: URLSearchParams, filters: readonly string[], limit: number): string {
    const asked = new URLSearchParams({ limit: String(limit) });
    for (const name of filters) {
        const value = query.get(name);
        if (value) asked.set(name, value);
    }
    return asked.toString();
}

export function Link(props: { to: string; children: ReactNode; className?: string; current?: boolean }) {
    const follow = (event: MouseEvent) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(props.to);
    };
    return (
        <a href={props.to} className={props.className} aria-current={props.current ? 'page' : undefined} onClick={follow}>
            {props.children}
        </a>
    );
}
