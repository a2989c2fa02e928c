// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, type ReactNode } from 'react';

/** What a change would do, before it is made. It takes the focus: it is what to read before pressing on. */
export function Foreseen({ children }: { children: ReactNode }) {
    const panel = useRef<HTMLDivElement>(null);
    useEffect(() => panel.current?.focus(), []);
    return <div className="effect" role="group" aria-label="What it would do" tabIndex={-1} ref={panel}>{children}</div>;
}
