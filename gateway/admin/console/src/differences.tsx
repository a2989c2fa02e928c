// SPDX-License-Identifier: Apache-2.0
// What changed, path by path: what was there is marked with a minus, what is there now with a plus.

export interface Difference {
    path: string;
    /** Absent: it was not there. */
    before?: unknown;
    /** Absent: it is gone. */
    after?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members that differ, however deep; lists are compared and shown whole. */
export function differencesOf(before: unknown, after: unknown, path = ''): Difference[] {
    if (isObject(before) && isObject(after)) {
        const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        return names.flatMap((name) => differencesOf(before[name], after[name], path ? `${path}.${name}` : name));
    }
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (path === '' && (isObject(before) || isObject(after)))
        return differencesOf(isObject(before) ? before : {}, isObject(after) ? after : {});
    return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

const one_line = 72;

function written(value: unknown): string {
    if (typeof value === 'string') return value;
    const short = JSON.stringify(value);
    return short.length <= one_line ? short.replaceAll('","', '", "') : JSON.stringify(value, null, 2);
}

function Side(props: { kind: 'before' | 'after'; value: unknown }) {
    const lines = written(props.value).split('\n');
    return (
        <pre className={props.kind}>
            <span className="sr">{props.kind === 'before' ? 'Before: ' : 'After: '}</span>
            {lines.map((line, at) => <span key={at} className="line">{line}{'\n'}</span>)}
        </pre>
    );
}

export function Differences(props: {
    of: Difference[];
    label: string;
    none?: string;
    /** What a path is called, where people know it by another name. */
    name?: (difference: Difference) => string;
}) {
    if (props.of.length === 0) return <p className="fine">{props.none ?? 'Nothing is different.'}</p>;
    return (
        <ul className="diff bare" aria-label={props.label}>
            {props.of.map((each) => (
                <li key={`${each.path} ${'before' in each}`}>
                    <p className="path">{props.name?.(each) ?? (each.path || 'all of it')}</p>
                    {'before' in each && <Side kind="before" value={each.before} />}
                    {'after' in each && <Side kind="after" value={each.after} />}
                </li>
            ))}
        </ul>
    );
}
