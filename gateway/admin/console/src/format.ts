// SPDX-License-Identifier: Apache-2.0
// How figures and times are written, everywhere alike: figures as the browser's language has them. Amounts come as cents in
// decimal text, always of US dollars.

/** Of the browser. */
const locale = undefined;
const dollars = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' });
const whole = new Intl.NumberFormat(locale);
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
const change = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const full = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'UTC',
});
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC' });
const monthName = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const cents = (amount: string | null | undefined): number => Number(amount ?? 0);
/** What is less than a cent is not nothing. */
export const money = (amount: string | number | null | undefined): string => {
    const value = typeof amount === 'number' ? amount : cents(amount);
    return value > 0 && value < 1 ? `< ${dollars.format(0.01)}` : dollars.format(value / 100);
};
/** An amount in dollars, which may be below nothing; what rounds to nothing and is not is said to be less than a cent. */
export const dollarsOf = (value: number): string => {
    if (value === 0) return dollars.format(0);
    if (Math.abs(value) >= 0.005) return dollars.format(value);
    return value > 0 ? `< ${dollars.format(0.01)}` : `> ${dollars.format(-0.01)}`;
};
export const count = (value: number): string => whole.format(value);
export const short = (value: number): string => compact.format(value);
export const dayOf = (iso: string): string => day.format(new Date(iso));
export const timeOf = (iso: string): string => `${full.format(new Date(iso))} UTC`;
/** For what changes every few seconds. */
export const clockOf = (iso: string): string => `${clock.format(new Date(iso))} UTC`;
export const monthOf = (month: string): string => monthName.format(new Date(`${month}-01T00:00:00Z`));
/** The marks of an axis: digits as far as they tell something. */
export const dollarMark = (value: number): string =>
    new Intl.NumberFormat(locale, {
        style: 'currency', currency: 'USD', notation: value >= 10_000 ? 'compact' : 'standard',
        ...(value === 0 || value >= 10 ? { maximumFractionDigits: 0 } : value >= 1 ? {} : { maximumSignificantDigits: 3 }),
    }).format(value);
export function shareOf(part: number, of: number): string {
    if (of <= 0) return '–';
    return part > 0 && part / of < 0.005 ? `< ${share.format(0.01)}` : share.format(part / of);
}
/** "+12%"; a dash where there is nothing to compare with. */
export const changeOf = (now: number, before: number): string => (before > 0 ? change.format(now / before - 1) : '–');
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
