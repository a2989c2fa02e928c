// SPDX-License-Identifier: Apache-2.0
// The policies in the order they are tried. Rows are moved by dragging, with the keyboard on their handle, and with
// buttons: dragging must not be the only way (WCAG 2.2, 2.5.7).
import { useEffect, useRef, useState } from 'react';
import { Button as AriaButton, GridList, GridListItem, useDragAndDrop } from 'react-aria-components';
import { plural } from '../../format';
import { Badge, Button } from '../../ui';
import { isForEveryone, limitLines, modelsOf, settingsOf, whom, type Policy } from './model';

/** A policy of a draft, under a name that stays when it is moved or changed. */
export interface Row {
    id: string;
    policy: Policy;
}

function Models({ policy }: { policy: Policy }) {
    const models = modelsOf(policy);
    if (models === null) return <span className="fine">{isForEveryone(policy) ? 'Every model' : 'Models as for everyone'}</span>;
    if (models.length === 0) return <Badge tone="bad">No model</Badge>;
    return <ul className="chips" aria-label="Models">{models.map((each) => <li key={each}>{each}</li>)}</ul>;
}

function moved(rows: Row[], from: number, to: number): Row[] {
    const left = rows.filter((_, at) => at !== from);
    return [...left.slice(0, to), rows[from]!, ...left.slice(to)];
}

export function PolicyOrder(props: {
    rows: Row[];
    isReadOnly: boolean;
    change: (rows: Row[]) => void;
    open: (id: string) => void;
    remove: (id: string) => void;
}) {
    const { rows, isReadOnly } = props;
    const { dragAndDropHooks } = useDragAndDrop<Row>({
        getItems: (_, items) => items.map((item) => ({ 'text/plain': whom(item.policy) })),
        onReorder: ({ keys, target }) => {
            const going = rows.filter((row) => keys.has(row.id));
            const left = rows.filter((row) => !keys.has(row.id));
            const at = left.findIndex((row) => row.id === target.key) + (target.dropPosition === 'after' ? 1 : 0);
            props.change([...left.slice(0, at), ...going, ...left.slice(at)]);
        },
    });
    const list = useRef<HTMLDivElement>(null);
    const [moving, setMoving] = useState<{ id: string; up: boolean } | null>(null);
    const [told, setTold] = useState('');
    const move = (row: Row, by: 1 | -1) => {
        const at = rows.indexOf(row);
        props.change(moved(rows, at, at + by));
        setMoving({ id: row.id, up: by < 0 });
        setTold(`${whom(row.policy)} is now number ${at + by + 1} of ${rows.length}.`);
    };
    // The row has another place now: who moves it on should find the button under the same finger, or its neighbour at
    // the end of the list.
    useEffect(() => {
        if (!moving) return undefined;
        // A frame later: the list draws its rows in a second pass.
        const frame = requestAnimationFrame(() => {
            const [up, down] = list.current?.querySelectorAll<HTMLButtonElement>(`[data-key="${moving.id}"] .policy-acts button`) ?? [];
            const [same, other] = moving.up ? [up, down] : [down, up];
            (same?.disabled ? other : same)?.focus();
            setMoving(null);
        });
        return () => cancelAnimationFrame(frame);
    }, [moving]);
    const everyone = rows.findIndex((row) => isForEveryone(row.policy));
    return (
        <>
            <p className="sr" role="status">{told}</p>
            <GridList ref={list} aria-label="Policies, in the order they are tried" className="policies" items={rows} selectionMode="none"
                dependencies={[rows]} dragAndDropHooks={isReadOnly ? undefined : dragAndDropHooks}>
                {(row) => {
                    const at = rows.findIndex((each) => each.id === row.id);
                    const name = whom(row.policy);
                    const limits = limitLines(row.policy.limits);
                    const settings = settingsOf(row.policy);
                    return (
                        <GridListItem id={row.id} textValue={name} className="policy">
                            {!isReadOnly && <AriaButton slot="drag" className="grip"><span aria-hidden="true">⠿</span></AriaButton>}
                            <span className="policy-place" aria-hidden="true">{at + 1}</span>
                            <div className="policy-words">
                                <p className="policy-name">
                                    {name} {everyone >= 0 && at > everyone && <Badge tone="warn">Never reached</Badge>}
                                </p>
                                <Models policy={row.policy} />
                                {(limits.length > 0 || settings.length > 0) && (
                                    <p className="fine">
                                        {[...limits, settings.length > 0 && `${plural(settings.length, 'setting')}: ${settings.join(', ')}`]
                                            .filter(Boolean).join(' · ')}
                                    </p>
                                )}
                            </div>
                            <div className="policy-acts">
                                {isReadOnly ? <Button look="quiet" aria-label={`Show ${name}`} onPress={() => props.open(row.id)}>Show</Button> : (
                                    <>
                                        <Button look="quiet" aria-label={`Move ${name} up`} isDisabled={at === 0}
                                            onPress={() => move(row, -1)}>↑</Button>
                                        <Button look="quiet" aria-label={`Move ${name} down`} isDisabled={at === rows.length - 1}
                                            onPress={() => move(row, 1)}>↓</Button>
                                        <Button look="quiet" aria-label={`Edit ${name}`} onPress={() => props.open(row.id)}>Edit</Button>
                                        <Button look="quiet" aria-label={`Remove ${name}`} onPress={() => props.remove(row.id)}>Remove</Button>
                                    </>
                                )}
                            </div>
                        </GridListItem>
                    );
                }}
            </GridList>
        </>
    );
}
