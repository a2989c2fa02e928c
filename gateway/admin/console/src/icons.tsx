// SPDX-License-Identifier: Apache-2.0
const paths: Record<string, string> = {
    me: 'M10 10a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 10Zm-6 6.5c.6-3 3-4.6 6-4.6s5.4 1.6 6 4.6',
    spend: 'M3.5 16.5h13M5.5 16V11M10 16V5.5M14.5 16V8.5',
    limits: 'M3.2 14a7 7 0 1 1 13.6 0M10 12.2l3-3.8',
    policies: 'M10 3l6 2.2v4.4c0 3.6-2.5 6-6 7.4-3.5-1.4-6-3.800-6-7.400V5.200L10 3Z',
    people: 'M7.500 9.500a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400ZM2.500 16c.5-2.600 2.500-4 5-4s4.500 1.400 5 4M13 9.200a2.300 2.300 0 1 0-.6-4.500M14.200 12c1.800.3 3 1.500 3.400 3.500',
    keys: 'M12.500 10.500a3.500 3.500 0 1 0-3.300-2.300L3.500 14v2.500H6V15h1.600v-1.600h1.600l1.100-1.100',
    upstreams: 'M3.5 5.500h13v4h-13zM3.500 12h13v4h-13zM6 7.500h.010M6 14h.010M10.500 7.500h3.500M10.500 14h3.500',
    audit: 'M5 3.500h10v13H5zM7.500 7.500h5M7.500 10.500h5M7.500 13.500h3',
};

export function Icon(props: { name: string }) {
    return (
        <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5"
            strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
            <path d={paths[props.name]} />
        </svg>
    );
}

export function Mark() {
    return (
        <svg width="26" height="26" viewBox="0 0 32 32" fill="none" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="currentColor" />
            <path d="M9 24V14a7 7 0 0 1 14 0v10M16 24v-9" stroke="var(--on-accent)" strokeWidth="2.6" strokeLinecap="round" />
        </svg>
    );
}
