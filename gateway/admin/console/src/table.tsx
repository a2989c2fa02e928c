// SPDX-License-Identifier: Apache-2.0
// The console's one table of data: sorted by its headers, filtered by words, cut into pages, with an own card for each row
// on a phone. Its state is in the address (`sort`, `q`, `page`), so that a link shows what its sender saw. It is given all
// rows at once; ten thousand are no trouble, because a page of them is drawn.
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { count } from './format';
import { go, useAddress, withQuery } from './router';
import { Button, Empty } from './ui';

export interface Column<Row> {
    id: string;
    name: string;
    show: (row: Row) => ReactNode;
    /** What the column is sorted by. Null comes last either way; without it the column is not sorted. */
    sort?: (row: Row) => string | number | null;
    /** Figures stand right, one below the other; actions have a header for screen readers only. */
    kind?: 'text' | 'figure' | 'actions';
}

export interface Order {
    by: string;
    descending: boolean;
}

interface Props<Row> {
    /** What the table holds, for its caption and its controls: "People". */
    caption: string;
    rows: readonly Row[];
    /** The first one is the row's header. */
    columns: readonly Column<Row>[];
    rowKey: (row: Row) => string;
    /** The words of a row that the filter looks through; without it there is no filter. */
    filter?: (row: Row) => string;
    order?: Order;
    pageSize?: number;
    /** Shown in place of a table without rows: say what to do first. */
    empty: ReactNode;
    /** Further controls beside the filter. */
    tools?: ReactNode;
    /** A last row about all rows that pass the filter, by column id. */
    total?: (rows: readonly Row[]) => Record<string, ReactNode>;
    /** Two tables of one page need a name each in the address. */
    prefix?: string;
    /** The API has further rows: a button fetches them. */
    more?: { load: () => void; busy: boolean };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function compare(a: string | number | null, b: string | number | null): number {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return collator.compare(String(a), String(b));
}

function ordered<Row>(rows: readonly Row[], key: ((row: Row) => string | number | null) | undefined, descending: boolean) {
    if (key === undefined) return rows;
    const keyed = rows.map((row) => ({ row, key: key(row) }));
    const sign = descending ? -1 : 1;
    keyed.sort((a, b) => {
        if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
        return sign * compare(a.key, b.key);
    });
    return keyed.map((each) => each.row);
}

/** Every word must occur, in any order. */
function passing<Row>(rows: readonly Row[], text: ((row: Row) => string) | undefined, words: string) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (text === undefined || wanted.length === 0) return rows;
    return rows.filter((row) => {
        const held = text(row).toLowerCase();
        return wanted.every((word) => held.includes(word));
    });
}

const typing = 250;

/** What is typed counts at once; the address follows when the typing pauses, because browsers limit how often it may change. */
function useFilter(name: string, pageName: string): [string, (words: string) => void] {
    const inAddress = useAddress().searchParams.get(name) ?? '';
    const [words, setWords] = useState(inAddress);
    const timer = useRef<number | undefined>(undefined);
    useEffect(() => {
        if (timer.current === undefined) setWords(inAddress);
    }, [inAddress]);
    useEffect(() => () => clearTimeout(timer.current), []);
    const change = (next: string) => {
        setWords(next);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
            timer.current = undefined;
            go(withQuery({ [name]: next || null, [pageName]: null }), true);
        }, typing);
    };
    return [words, change];
}

function Arrow({ direction }: { direction: 'ascending' | 'descending' | undefined }) {
    return (
        <svg className="arrow" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
            {direction !== 'descending' && <path d="M5 1 8 4.5H2Z" />}
            {direction !== 'ascending' && <path d="M5 9 2 5.5H8Z" />}
        </svg>
    );
}

const cellClass = (kind: Column<unknown>['kind']): string | undefined =>
    kind === 'figure' ? 'num' : kind === 'actions' ? 'num row-actions' : undefined;

export function DataTable<Row>(props: Props<Row>) {
    const { rows, columns, filter, pageSize = 50, prefix } = props;
    const id = useId();
    const head = useRef<HTMLDivElement>(null);
    const named = (name: string) => (prefix ? `${prefix}-${name}` : name);
    const query = useAddress().searchParams;
    const [words, setWords] = useFilter(named('q'), named('page'));

    const standard = props.order ?? { by: '', descending: false };
    const chosen = query.get(named('sort'));
    const descending = chosen === null ? standard.descending : chosen.startsWith('-');
    const by = chosen === null ? standard.by : chosen.replace(/^-/, '');
    const key = columns.find((column) => column.id === by)?.sort;

    const wanted = useDeferredValue(words);
    const found = useMemo(() => passing(rows, filter, wanted), [rows, filter, wanted]);
    const sorted = useMemo(() => ordered(found, key, descending), [found, key, descending]);

    const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
    const page = Math.min(pages, Math.max(1, Math.trunc(Number(query.get(named('page')))) || 1));
    const shown = sorted.slice((page - 1) * pageSize, page * pageSize);

    const sortBy = (column: string, down: boolean) =>
        go(withQuery({ [named('sort')]: (down ? '-' : '') + column, [named('page')]: null }), true);
    const press = (column: Column<Row>) =>
        sortBy(column.id, column.id === by ? !descending : column.kind === 'figure');
    const turn = (to: number) => {
        go(withQuery({ [named('page')]: to === 1 ? null : String(to) }), true);
        head.current?.scrollIntoView({ block: 'nearest' });
    };

    if (rows.length === 0 && props.more === undefined)
        return <>{props.tools && <div className="toolbar">{props.tools}</div>}{props.empty}</>;
    const total = props.total?.(sorted);
    return (
        <div className="data" ref={head}>
            <div className="toolbar">
                {filter && (
                    <input type="search" className="input filter" value={words} placeholder="Filter" autoComplete="off"
                        aria-label={`Filter ${props.caption.toLowerCase()}`} aria-controls={id}
                        onChange={(event) => setWords(event.currentTarget.value)} />
                )}
                <label className="narrow-sort">
                    <span>Sort by</span>
                    <select className="input" value={`${descending ? '-' : ''}${by}`}
                        onChange={(event) => sortBy(event.currentTarget.value.replace(/^-/, ''), event.currentTarget.value.startsWith('-'))}>
                        {key === undefined && <option value={`${descending ? '-' : ''}${by}`}>As listed</option>}
                        {columns.filter((column) => column.sort).flatMap((column) => [
                            <option key={column.id} value={column.id}>{column.name}, rising</option>,
                            <option key={`-${column.id}`} value={`-${column.id}`}>{column.name}, falling</option>,
                        ])}
                    </select>
                </label>
                {props.tools}
                <p className="fine found" role="status">
                    {words.trim() === '' ? '' : `${count(sorted.length)} of ${count(rows.length)}`}
                </p>
            </div>
            {/* Roles are named because a phone shows rows as blocks, and some browsers then forget that it is a table. */}
            <div className="scroll wide-only-scroll">
                <table id={id} role="table" className="rows">
                    <caption className="sr">{props.caption}</caption>
                    <thead role="rowgroup">
                        <tr role="row">
                            {columns.map((column) => {
                                const direction = column.id === by && column.sort ? (descending ? 'descending' : 'ascending') : undefined;
                                return (
                                    <th key={column.id} scope="col" role="columnheader" className={cellClass(column.kind)}
                                        aria-sort={column.sort ? direction ?? 'none' : undefined}>
                                        {column.sort ? (
                                            <>
                                                <button type="button" className="sort" onClick={() => press(column)}>
                                                    {column.name}<Arrow direction={direction} />
                                                </button>
                                                <span className="narrow-name">{column.name}</span>
                                            </>
                                        ) : column.kind === 'actions' ? <span className="sr">{column.name}</span> : column.name}
                                    </th>
                                );
                            })}
                        </tr>
                    </thead>
                    <tbody role="rowgroup">
                        {shown.map((row) => (
                            <tr key={props.rowKey(row)} role="row">
                                {columns.map((column, at) => at === 0
                                    ? <th key={column.id} scope="row" role="rowheader">{column.show(row)}</th>
                                    : <td key={column.id} role="cell" data-label={column.kind === 'actions' ? undefined : column.name}
                                        className={cellClass(column.kind)}>{column.show(row)}</td>)}
                            </tr>
                        ))}
                    </tbody>
                    {total && shown.length > 0 && (
                        <tfoot role="rowgroup">
                            <tr role="row">
                                {columns.map((column, at) => at === 0
                                    ? <th key={column.id} scope="row" role="rowheader">{total[column.id] ?? 'Total'}</th>
                                    : <td key={column.id} role="cell" className={cellClass(column.kind)}
                                        data-label={total[column.id] === undefined ? undefined : column.name}>{total[column.id]}</td>)}
                            </tr>
                        </tfoot>
                    )}
                </table>
            </div>
            {shown.length === 0 && (words.trim() === '' ? props.empty : (
                <div className="none">
                    <Empty title={`Nothing matches “${words.trim()}”`} />
                    <Button onPress={() => setWords('')}>Clear the filter</Button>
                </div>
            ))}
            {(pages > 1 || props.more) && (
                <nav className="pager" aria-label={`Pages of ${props.caption.toLowerCase()}`}>
                    <span>
                        {count((page - 1) * pageSize + Math.min(1, shown.length))}–{count((page - 1) * pageSize + shown.length)} of {count(sorted.length)}
                        {props.more && ' loaded'}
                    </span>
                    {props.more && (
                        <Button isDisabled={props.more.busy} onPress={props.more.load}>
                            {props.more.busy ? 'Loading…' : 'Load more'}
                        </Button>
                    )}
                    {pages > 1 && (
                        <>
                            <Button isDisabled={page === 1} onPress={() => turn(page - 1)}>Previous</Button>
                            <Button isDisabled={page === pages} onPress={() => turn(page + 1)}>Next</Button>
                        </>
                    )}
                </nav>
            )}
        </div>
    );
}
