// SPDX-License-Identifier: Apache-2.0
// What a change would do, before it is made: who would notice, what differs, what is odd. And making it, with a reason.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api';
import { Differences } from '../../differences';
import { Form, TextArea } from '../../form';
import { count } from '../../format';
import { DataTable, type Column } from '../../table';
import { Badge, Button, Empty, Loaded } from '../../ui';
import { pathName, type Policy, type Preview } from './model';

type Affected = Preview['users'][number];

const without = (name: string | null) => name?.replace(/^policies\[\d+\]: /, '') ?? 'none';

function Effect({ of }: { of: Affected }) {
    return (
        <ul className="effects">
            {of.policy.changed && <li>Policy: {without(of.policy.before)} → {without(of.policy.after)}</li>}
            {of.models_gained.length > 0 && <li><Badge tone="good">Gains</Badge> {of.models_gained.join(', ')}</li>}
            {of.models_lost.length > 0 && <li><Badge tone="bad">Loses</Badge> {of.models_lost.join(', ')}</li>}
            {of.settings_changed.length > 0 && <li>Settings: {of.settings_changed.join(', ')}</li>}
            {of.limits_changed.length > 0 && <li>Limits: {of.limits_changed.join(', ')}</li>}
        </ul>
    );
}

const columns: Column<Affected>[] = [
    {
        id: 'who',
        name: 'Who',
        sort: (row) => row.email_address || row.user_id,
        show: (row) => (
            <span className="name">{row.email_address || row.user_id}{row.service && <span>Service key {row.email_address && row.user_id}</span>}</span>
        ),
    },
    { id: 'change', name: 'What changes for them', show: (row) => <Effect of={row} /> },
];

function impact(counts: Preview['counts']): string {
    if (counts.known === 0) return 'Nobody has been seen at work yet who could notice.';
    const all = counts.known === 1 ? 'the one person or key' : `the ${count(counts.known)} people and keys`;
    if (counts.changed === 0) return `None of ${all} seen at work would notice.`;
    const parts = [
        counts.policy > 0 && `another policy for ${count(counts.policy)}`,
        counts.models > 0 && `other models for ${count(counts.models)}`,
        counts.settings > 0 && `other settings for ${count(counts.settings)}`,
        counts.limits > 0 && `other limits for ${count(counts.limits)}`,
    ].filter(Boolean);
    return `${count(counts.changed)} of ${all} seen at work would notice: ${parts.join(', ')}.`;
}

export function PreviewView({ preview, later }: { preview: Preview; later: Policy[] }) {
    const { counts } = preview;
    return (
        <div className="stack">
            <p>{impact(counts)} <span className="fine">Who has never sent a request is not known here.</span></p>
            {preview.notices.length > 0 && (
                <div className="notice" role="note">
                    <strong>Odd, but not wrong</strong>
                    <ul>{preview.notices.map((each) => <li key={each.path}><span className="mono">{each.path}</span> {each.message}</li>)}</ul>
                </div>
            )}
            {preview.users.length > 0 && (
                <details open={preview.users.length <= 10}>
                    <summary>Who is affected</summary>
                    <DataTable caption="People and keys who are affected" rows={preview.users} columns={columns} prefix="affected"
                        rowKey={(row) => row.user_id} pageSize={10} filter={(row) => `${row.user_id} ${row.email_address}`}
                        empty={<Empty title="Nobody" />} />
                    {preview.has_more && <p className="fine">These are the first {count(preview.users.length)}.</p>}
                </details>
            )}
            <div>
                <h3>What changes in the policies</h3>
                <Differences of={preview.differences} label="Differences" name={pathName(later)} none="The policies stay as they are." />
            </div>
        </div>
    );
}

/** Shows what `dryRun` says, then makes the change with `make`, which throws 412 when somebody else was faster. */
export function MakeChange(props: {
    name: string;
    queryKey: unknown[];
    dryRun: () => Promise<Preview>;
    /** The policies as they would be. */
    later: Policy[];
    action: string;
    make: (reason: string) => Promise<void>;
    /** Offered when somebody else has changed the policies meanwhile. */
    stale: (retry: () => void) => React.ReactNode;
    close: () => void;
}) {
    const [reason, setReason] = useState('');
    const preview = useQuery({ queryKey: ['policies', 'preview', ...props.queryKey], queryFn: props.dryRun, staleTime: 0, gcTime: 0 });
    const make = useMutation({ mutationFn: () => props.make(reason), onSuccess: props.close });
    const isStale = make.error instanceof ApiError && make.error.status === 412;
    return (
        <div className="stack">
            {!isStale && <Loaded from={preview} rows={5}>{(data) => <PreviewView preview={data} later={props.later} />}</Loaded>}
            {isStale ? props.stale(() => make.reset()) : (
                <Form error={make.error} onSubmit={() => make.mutate()}>
                    <TextArea label="Why" name="reason" rows={2} longest={1000} isRequired value={reason} onChange={setReason}
                        help="For those who will read the history." />
                    <div className="dialog-foot">
                        <Button onPress={props.close}>{props.name}</Button>
                        <Button look="primary" type="submit" isDisabled={make.isPending || !preview.data || preview.data.differences.length === 0}>
                            {props.action}
                        </Button>
                    </div>
                </Form>
            )}
        </div>
    );
}
