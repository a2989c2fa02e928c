// SPDX-License-Identifier: Apache-2.0
// How figures and times are written, everywhere alike. Amounts come as cents in decimal text.

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const whole = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const full = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'UTC',
});
const monthName = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const cents = (amount: string | null | undefined): number => Number(amount ?? 0);
/** What is less than a cent is not nothing. */
export const money = (amount: string | number | null | undefined): string => {
    const value = typeof amount === 'number' ? amount : cents(amount);
    return value > 0 && value < 1 ? '< $0.01' : dollars.format(value / 100);
};
export const count = (value: number): string => whole.format(value);
export const short = (value: number): string => compact.format(value);
export const dayOf = (iso: string): string => day.format(new Date(iso));
export const timeOf = (iso: string): string => `${full.format(new Date(iso))} UTC`;
export const monthOf = (month: string): string => monthName.format(new Date(`${month}-01T00:00:00Z`));
export const percent = (part: number, of: number): number => (of > 0 ? (part / of) * 100 : 0);

/** "3 minutes ago", "in 2 days" */
export function ago(iso: string, now: Date = new Date()): string {
    const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
    const steps: [Intl.RelativeTimeFormatUnit, number][] = [
        ['day', 86_400],
        ['hour', 3_600],
        ['minute', 60],
    ];
    for (const [unit, size] of steps)
        if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
    return seconds > 0 ? 'in less than a minute' : 'just now';
}

export function plural(value: number, one: string, many = `${one}s`): string {
    return `${count(value)} ${value === 1 ? one : many}`;
}
