// SPDX-License-Identifier: Apache-2.0
// How fast somebody may go, as fields: of a policy, and of a service key that has limits of its own.
import { TextField } from '../../form';
import { figures, scopes } from './model';

/** What is written beside `user.requests_per_minute` and the like; nothing is not bounded here. */
export type Matrix = Record<string, string>;

/** Written for null: what would be bounded otherwise is not. */
const lifted = 'none';

export function toMatrix(limits: Record<string, unknown> | undefined): Matrix {
    const matrix: Matrix = {};
    for (const scope of scopes) {
        const held = limits?.[scope.id] as Record<string, number | null> | null | undefined;
        for (const figure of figures) {
            const value = held === null ? null : held?.[figure.id];
            if (value !== undefined) matrix[`${scope.id}.${figure.id}`] = value === null ? lifted : String(value);
        }
    }
    return matrix;
}

export function fromMatrix(matrix: Matrix): Record<string, unknown> {
    const limits: Record<string, unknown> = {};
    for (const scope of scopes) {
        const held: Record<string, number | null> = {};
        for (const figure of figures) {
            const text = matrix[`${scope.id}.${figure.id}`]?.trim() ?? '';
            if (text !== '') held[figure.id] = text === lifted ? null : Number(text.replaceAll(',', ''));
        }
        const values = Object.values(held);
        if (values.length === 0) continue;
        limits[scope.id] = values.length === figures.length && values.every((value) => value === null) ? null : held;
    }
    return limits;
}

function checkLimit(text: string, isMoney: boolean): string | null {
    const plain = text.trim().replaceAll(',', '');
    if (plain === '' || plain === lifted) return null;
    if (isMoney) return /^\d+(\.\d+)?$/.test(plain) && Number(plain) > 0 ? null : 'Write dollars, such as 2.50, or none.';
    return /^[1-9]\d*$/.test(plain) ? null : 'Write a whole number from 1 on, or none.';
}

interface SpeedFieldsProps {
    scope: { id: string; name: string };
    /** Of the fields that a fault may name. */
    path: string;
    matrix: Matrix;
    change: (matrix: Matrix) => void;
}

export function SpeedFields({ scope, path, matrix, change }: SpeedFieldsProps) {
    return (
        <fieldset className="quarter">
            <legend>{scope.name}</legend>
            {figures.map((figure) => {
                const name = `${scope.id}.${figure.id}`;
                return (
                    <TextField key={figure.id} label={figure.name} name={`${path}.${name}`} value={matrix[name] ?? ''}
                        onChange={(text) => change({ ...matrix, [name]: text })}
                        check={(text) => checkLimit(text, figure.id === 'dollars_per_minute')} />
                );
            })}
        </fieldset>
    );
}
