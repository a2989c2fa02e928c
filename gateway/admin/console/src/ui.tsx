// SPDX-License-Identifier: Apache-2.0
// The console's own small set of parts, on react-aria-components where there is behaviour to get right.
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import {
    Button as AriaButton, Dialog, DialogTrigger, Heading, Modal, ModalOverlay, type ButtonProps,
} from 'react-aria-components';
import { ApiError } from './api';

export function Button({ look = 'plain', ...rest }: ButtonProps & { look?: 'plain' | 'primary' | 'danger' | 'quiet' }) {
    return <AriaButton {...rest} className={`button ${look}`} />;
}

export function Card(props: { title?: ReactNode; note?: ReactNode; actions?: ReactNode; children: ReactNode; id?: string }) {
    return (
        <section className="card" aria-labelledby={props.id}>
            {props.title && (
                <header className="card-head">
                    <div>
                        <h2 id={props.id}>{props.title}</h2>
                        {props.note && <p className="note">{props.note}</p>}
                    </div>
                    {props.actions && <div className="actions">{props.actions}</div>}
                </header>
            )}
            {props.children}
        </section>
    );
}

export function PageHead(props: { title: string; lead?: ReactNode; actions?: ReactNode }) {
    return (
        <header className="page-head">
            <div>
                <h1>{props.title}</h1>
                {props.lead && <p className="lead">{props.lead}</p>}
            </div>
            {props.actions && <div className="actions">{props.actions}</div>}
        </header>
    );
}

export function Empty(props: { title: string; children?: ReactNode }) {
    return (
        <div className="empty">
            <p className="empty-title">{props.title}</p>
            {props.children && <p>{props.children}</p>}
        </div>
    );
}

export function Problem(props: { error: unknown; retry?: () => void }) {
    const error = props.error;
    const id = error instanceof ApiError ? error.requestId : null;
    return (
        <div className="problem" role="alert">
            <p>{error instanceof Error ? error.message : 'Something went wrong.'}</p>
            {id && <p className="fine">Request {id}</p>}
            {props.retry && <Button onPress={props.retry}>Try again</Button>}
        </div>
    );
}

export function Waiting(props: { rows?: number }) {
    return (
        <div className="waiting" role="status" aria-label="Loading">
            {Array.from({ length: props.rows ?? 3 }, (_, at) => <span key={at} className="bone" />)}
        </div>
    );
}

interface Asked<T> {
    data: T | undefined;
    error: unknown;
    isPending: boolean;
    refetch: () => unknown;
}

/** The three states of anything that is asked for. */
export function Loaded<T>(props: { from: Asked<T>; rows?: number; children: (data: T) => ReactNode }) {
    const { from } = props;
    if (from.data !== undefined) return <>{props.children(from.data)}</>;
    if (from.isPending) return <Waiting rows={props.rows} />;
    return <Problem error={from.error} retry={() => void from.refetch()} />;
}

export function Badge(props: { tone?: 'neutral' | 'good' | 'warn' | 'bad' | 'info'; children: ReactNode }) {
    return <span className={`badge ${props.tone ?? 'neutral'}`}>{props.children}</span>;
}

export function Copy(props: { text: string; label: string }) {
    const [done, setDone] = useState(false);
    const copy = async () => {
        await navigator.clipboard.writeText(props.text);
        setDone(true);
        setTimeout(() => setDone(false), 2000);
    };
    return (
        <Button look="quiet" onPress={() => void copy()} aria-label={done ? 'Copied' : `Copy ${props.label}`}>
            <span aria-live="polite">{done ? 'Copied' : 'Copy'}</span>
        </Button>
    );
}

export function Code(props: { text: string; label: string }) {
    return (
        <div className="code">
            <pre tabIndex={0} role="region" aria-label={props.label}><code>{props.text}</code></pre>
            <Copy text={props.text} label={props.label} />
        </div>
    );
}

/** A question before what can't be undone. */
export function Confirm(props: {
    title: string;
    children: ReactNode;
    action: string;
    trigger: ReactNode;
    run: () => Promise<unknown>;
}) {
    return (
        <DialogTrigger>
            {props.trigger}
            <Sheet title={props.title} alert>
                {(close) => <Question action={props.action} run={props.run} close={close}>{props.children}</Question>}
            </Sheet>
        </DialogTrigger>
    );
}

function Question(props: { action: string; run: () => Promise<unknown>; close: () => void; children: ReactNode }) {
    const act = useMutation({ mutationFn: props.run, onSuccess: props.close });
    return (
        <>
            <div className="words">{props.children}</div>
            {act.isError && <Problem error={act.error} />}
            <div className="dialog-foot">
                <Button onPress={props.close} autoFocus>Cancel</Button>
                <Button look="danger" isDisabled={act.isPending} onPress={() => act.mutate()}>{props.action}</Button>
            </div>
        </>
    );
}

export function Sheet(props: {
    title: string;
    alert?: boolean;
    wide?: boolean;
    /** Not closed by a press beside it: what was written would be gone. */
    sticky?: boolean;
    children: (close: () => void) => ReactNode;
    open?: boolean;
    onClose?: () => void;
}) {
    const controlled = props.open === undefined ? {} : {
        isOpen: props.open,
        onOpenChange: (open: boolean) => { if (!open) props.onClose?.(); },
    };
    return (
        <ModalOverlay className="overlay" isDismissable={!props.alert && !props.sticky} {...controlled}>
            <Modal className={props.wide ? 'modal wide' : 'modal'}>
                <Dialog role={props.alert ? 'alertdialog' : 'dialog'} className="dialog">
                    {({ close }) => (
                        <>
                            <Heading slot="title">{props.title}</Heading>
                            {props.children(close)}
                        </>
                    )}
                </Dialog>
            </Modal>
        </ModalOverlay>
    );
}
