// SPDX-License-Identifier: Apache-2.0
// The parts that forms are made of: each has a label, help and an error of its own. A field that has a `name` shows what
// the API refuses about it: the API words a refusal as `<field path>: <reason>`, one a line, and the form gives each to
// the field whose name the path begins with. What no field answers for stands on top.
import {
    createContext, useCallback, useContext, useEffect, useId, useMemo, useRef, useState, type FormEvent,
    type KeyboardEvent, type ReactNode,
} from 'react';
import {
    Button as AriaButton, Checkbox as AriaCheckbox, ComboBox, FieldError, Form as AriaForm, Input, Label, ListBox,
    ListBoxItem, Popover, Tag, TagGroup, TagList, Text, TextArea as AriaTextArea, TextField as AriaTextField,
} from 'react-aria-components';
import { ApiError } from './api';
import { Problem } from './ui';

export interface Fault {
    path: string;
    reason: string;
}

/** The faults that a refusal names, one a line; empty when it names no field. */
export function faultsOf(error: unknown): Fault[] {
    if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) return [];
    const faults = error.message.split('\n').map((line) => /^([\w.[\]-]+): (.+)$/.exec(line));
    if (faults.some((fault) => fault === null)) return [];
    return faults.map((fault) => ({ path: fault![1]!, reason: fault![2]! }));
}

const asSentence = (reason: string) => reason.charAt(0).toUpperCase() + reason.slice(1);

/** Beside its field a fault need not say again which field it is. */
function wordsOf(fault: Fault, owner: string): string {
    const rest = fault.path.slice(owner.length).replace(/^\./, '');
    return rest === '' ? asSentence(fault.reason) : `${rest}: ${fault.reason}`;
}

/** The longest of the names that the path begins with. */
function ownerOf(path: string, names: Iterable<string>): string | undefined {
    const owners = [...names].filter((name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
    return owners.sort((a, b) => b.length - a.length)[0];
}

interface Refusals {
    claim: (name: string) => () => void;
    placed: Record<string, string[]>;
    /** The answer that they are from. */
    error: unknown;
}

const RefusalContext = createContext<Refusals | null>(null);

/** What the API refused about the field, until somebody changes it. */
function useRefusal(name: string | undefined, value: unknown): string | undefined {
    const refusals = useContext(RefusalContext);
    const claim = refusals?.claim;
    useEffect(() => (name && claim ? claim(name) : undefined), [name, claim]);
    const words = name ? refusals?.placed[name]?.join('\n') : undefined;
    const error = refusals?.error;
    const [judged, setJudged] = useState<{ error: unknown; value: unknown }>({ error, value });
    if (judged.error !== error) setJudged({ error, value });
    return judged.error === error && judged.value !== value ? undefined : words;
}

/**
 * What is wrong with a field, and what its input needs for that. The browser keeps the form from being sent; the words
 * go as soon as the value is right, and not when the field is left: what is below would jump away from the pointer then.
 */
function useFault(name: string | undefined, value: unknown, wrong: string | null | undefined) {
    const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
    const refusal = useRefusal(name, value);
    const [told, setTold] = useState<{ by: 'us' } | { by: 'browser'; words: string; value: unknown } | null>(null);
    useEffect(() => input.current?.setCustomValidity(wrong ?? ''), [wrong]);
    const tell = (event: FormEvent<HTMLInputElement | HTMLTextAreaElement>) => {
        event.preventDefault();
        const { form, validity, validationMessage } = event.currentTarget;
        setTold(validity.customError ? { by: 'us' } : { by: 'browser', words: validationMessage, value });
        const first = form?.querySelector<HTMLElement>('input:invalid, textarea:invalid, select:invalid');
        if (first === event.currentTarget) first.focus();
    };
    const own = told?.by === 'us' ? wrong : told?.by === 'browser' && told.value === value ? told.words : null;
    return {
        fault: refusal ?? own ?? null,
        input: { ref: input, onInvalid: tell },
        /** When it is left: what was written is judged, what was not written yet is not. */
        judge: () => { if (wrong && value !== '') setTold({ by: 'us' }); },
    };
}

/**
 * A form that says what the API refused. `onSubmit` is called when every field is as it must be; `error` is what the
 * call ended with.
 */
export function Form(props: { onSubmit: () => void; error?: unknown; children: ReactNode; label?: string; className?: string }) {
    const [names, setNames] = useState<ReadonlySet<string>>(new Set());
    const form = useRef<HTMLFormElement>(null);
    const claim = useCallback((name: string) => {
        setNames((before) => new Set(before).add(name));
        return () => setNames((before) => { const left = new Set(before); left.delete(name); return left; });
    }, []);
    const { placed, rest } = useMemo(() => {
        const placed: Record<string, string[]> = {};
        const rest: Fault[] = [];
        for (const fault of faultsOf(props.error)) {
            const owner = ownerOf(fault.path, names);
            if (!owner) rest.push(fault);
            else (placed[owner] ??= []).push(wordsOf(fault, owner));
        }
        return { placed, rest };
    }, [props.error, names]);
    const anyPlaced = Object.keys(placed).length > 0;
    useEffect(() => {
        if (anyPlaced) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }, [props.error, anyPlaced]);
    const refusals = useMemo(() => ({ claim, placed, error: props.error }), [claim, placed, props.error]);
    return (
        <RefusalContext value={refusals}>
            <AriaForm ref={form} className={props.className ?? 'fields'} aria-label={props.label}
                onSubmit={(event) => { event.preventDefault(); event.stopPropagation(); props.onSubmit(); }}>
                {props.error != null && !anyPlaced && <Problem error={props.error} />}
                {rest.length > 0 && anyPlaced && (
                    <div className="problem" role="alert">{rest.map((each) => <p key={each.path}>{each.path}: {each.reason}</p>)}</div>
                )}
                {props.children}
            </AriaForm>
        </RefusalContext>
    );
}

export interface FieldProps<T> {
    label: string;
    value: T;
    onChange: (value: T) => void;
    /** The field's path as the API calls it. */
    name?: string;
    help?: ReactNode;
    /** Says what is wrong with the value, if anything is: the form is not sent then. */
    check?: (value: T) => string | null;
    isRequired?: boolean;
    isDisabled?: boolean;
    isReadOnly?: boolean;
    placeholder?: string;
    autoFocus?: boolean;
}

function Caption(props: { label: string; isRequired?: boolean }) {
    return <Label>{props.label}{props.isRequired && <span className="required" aria-hidden="true"> *</span>}</Label>;
}

const Help = (props: { children?: ReactNode }) => props.children
    ? <Text slot="description" className="hint">{props.children}</Text>
    : null;

interface WrittenProps extends FieldProps<string> {
    type?: 'text' | 'email' | 'search' | 'url' | 'date' | 'datetime-local';
    inputMode?: 'decimal' | 'numeric';
    longest?: number;
    rows?: number;
    /** In front of and behind what is written, such as a currency or a unit. */
    before?: string;
    after?: string;
    mono?: boolean;
}

const missing = (isMissing: boolean) => (isMissing ? 'Fill this in.' : null);

function Written(props: WrittenProps) {
    const wrong = props.value === '' ? missing(Boolean(props.isRequired)) : props.check?.(props.value);
    const { fault, input, judge } = useFault(props.name, props.value, wrong);
    const look = props.mono ? 'mono' : undefined;
    return (
        <AriaTextField className="field" value={props.value} onChange={props.onChange} name={props.name} type={props.type ?? 'text'}
            isRequired={props.isRequired} isDisabled={props.isDisabled} isReadOnly={props.isReadOnly} autoFocus={props.autoFocus}
            maxLength={props.longest} inputMode={props.inputMode} autoComplete="off" onBlur={judge}
            isInvalid={fault !== null} validationBehavior="aria">
            <Caption label={props.label} isRequired={props.isRequired} />
            {props.rows
                ? <AriaTextArea {...input} rows={props.rows} className={look} placeholder={props.placeholder} spellCheck={!props.mono} />
                : (
                    <div className="affixed">
                        {props.before && <span className="affix" aria-hidden="true">{props.before}</span>}
                        <Input {...input} className={look} placeholder={props.placeholder} />
                        {props.after && <span className="affix">{props.after}</span>}
                    </div>
                )}
            <Help>{props.help}</Help>
            <FieldError className="fault">{fault}</FieldError>
        </AriaTextField>
    );
}

export function TextField(props: FieldProps<string> & {
    type?: 'text' | 'email' | 'search' | 'url';
    longest?: number;
    mono?: boolean;
}) {
    return <Written {...props} />;
}

export function TextArea(props: FieldProps<string> & { rows?: number; longest?: number; mono?: boolean }) {
    return <Written {...props} rows={props.rows ?? 3} />;
}

/** What is written and what it means: the text stays the person's own while they write. */
function useParsed<T>(value: T, onChange: (value: T) => void, parse: (text: string) => T | undefined, print: (value: T) => string) {
    const [text, setText] = useState(() => print(value));
    const written = parse(text);
    const shown = written === value || (written === undefined && parse('') === value) ? text : print(value);
    return {
        value: shown,
        onChange: (next: string) => {
            setText(next);
            const parsed = parse(next);
            onChange(parsed === undefined ? (parse('') as T) : parsed);
        },
    };
}

/** Dollars as people write them, to cents in decimal text; undefined when it is no amount. */
export function parseDollars(text: string, places = 2): string | undefined {
    const plain = text.trim().replace(/^\$\s*/, '').replace(/,(?=\d{3}(\D|$))/g, '');
    if (plain === '') return '';
    const found = /^(\d{1,12})(?:\.(\d+))?$/.exec(plain);
    if (!found || (found[2] ?? '').length > places) return undefined;
    const fraction = (found[2] ?? '').padEnd(2, '0');
    const whole = `${found[1]}${fraction.slice(0, 2)}`.replace(/^0+(?=\d)/, '');
    const rest = fraction.slice(2).replace(/0+$/, '');
    return rest ? `${whole}.${rest}` : whole;
}

export function printDollars(cents: string): string {
    if (cents === '') return '';
    const [whole = '', rest = ''] = cents.split('.');
    const digits = whole.padStart(3, '0');
    const fraction = `${digits.slice(-2)}${rest}`.replace(/0+$/, '');
    return fraction === '' ? digits.slice(0, -2) : `${digits.slice(0, -2)}.${fraction.padEnd(2, '0')}`;
}

/** An amount in dollars; the value is cents in decimal text, as the API has them, and '' is none. */
export function MoneyField(props: Omit<FieldProps<string>, 'check'> & {
    /** Digits behind the point: more than two for rates. */
    places?: number;
    unit?: string;
    check?: (cents: string) => string | null;
}) {
    const places = props.places ?? 2;
    const parsed = useParsed(props.value, props.onChange, (text) => parseDollars(text, places), printDollars);
    const check = (text: string) => {
        const cents = parseDollars(text, places);
        if (cents === undefined) return `Write dollars, such as 150 or 150.50${places > 2 ? '' : ', to the cent'}.`;
        return props.check?.(cents) ?? null;
    };
    return <Written {...props} {...parsed} check={check} inputMode="decimal" before="$" after={props.unit} />;
}

/** A whole number; null is none. */
export function NumberField(props: Omit<FieldProps<number | null>, 'check'> & { least?: number; most?: number; unit?: string }) {
    const { least = 0, most = Number.MAX_SAFE_INTEGER } = props;
    const parse = (text: string) => {
        const plain = text.trim().replace(/,(?=\d{3}(\D|$))/g, '');
        if (plain === '') return null;
        const value = /^\d{1,16}$/.test(plain) ? Number(plain) : NaN;
        return value >= least && value <= most ? value : undefined;
    };
    const parsed = useParsed<number | null>(props.value, props.onChange, parse, (value) => (value === null ? '' : String(value)));
    const check = (text: string) => parse(text) !== undefined ? null
        : most === Number.MAX_SAFE_INTEGER ? `Write a whole number, ${least} or more.`
        : `Write a whole number from ${least} to ${most}.`;
    return <Written {...props} {...parsed} check={check} inputMode="numeric" after={props.unit} />;
}

/** A moment in UTC, as all times of the console are: RFC 3339, '' is none. */
export function MomentField(props: FieldProps<string>) {
    const shown = props.value === '' ? '' : new Date(props.value).toISOString().slice(0, 16);
    return (
        <Written {...props} label={`${props.label} (UTC)`} type="datetime-local" value={shown}
            onChange={(local) => props.onChange(local === '' ? '' : `${local}:00Z`)}
            check={(local) => props.check?.(`${local}:00Z`) ?? null} />
    );
}

/** A day of UTC: YYYY-MM-DD, '' is none. */
export function DayField(props: FieldProps<string>) {
    return <Written {...props} type="date" />;
}

export interface Choice {
    id: string;
    /** Without one the id is shown. */
    name?: string;
    note?: string;
}

/** One of few. The browser's own control: it is best at this on every device. */
export function Select<T extends string>(props: Omit<FieldProps<T>, 'check' | 'isReadOnly' | 'placeholder'> & { choices: { id: T; name: string }[] }) {
    const id = useId();
    const refusal = useRefusal(props.name, props.value);
    const described = [props.help && `${id}-help`, refusal && `${id}-fault`].filter(Boolean).join(' ');
    return (
        <div className="field">
            <label htmlFor={id}>{props.label}</label>
            <select id={id} name={props.name} value={props.value} required={props.isRequired} disabled={props.isDisabled}
                autoFocus={props.autoFocus} aria-describedby={described || undefined} aria-invalid={refusal ? true : undefined}
                onChange={(event) => props.onChange(event.target.value as T)}>
                {props.choices.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
            </select>
            {props.help && <span id={`${id}-help`} className="hint">{props.help}</span>}
            {refusal && <span id={`${id}-fault`} className="fault">{refusal}</span>}
        </div>
    );
}

const most_listed = 100;
const textOf = (choice: Choice) => choice.name ?? choice.id;

function matching(choices: Choice[], text: string): Choice[] {
    const wanted = text.trim().toLowerCase();
    const found = wanted === '' ? choices : choices.filter((each) =>
        `${each.id}\n${each.name ?? ''}\n${each.note ?? ''}`.toLowerCase().includes(wanted));
    return found.slice(0, most_listed);
}

function Options(props: { empty: string }) {
    return (
        <Popover className="popover">
            <ListBox<Choice> className="options" renderEmptyState={() => <p className="fine no-option">{props.empty}</p>}>
                {(each) => (
                    <ListBoxItem id={each.id} textValue={textOf(each)} className="option">
                        <span>{textOf(each)}</span>
                        {each.note && <span className="fine">{each.note}</span>}
                    </ListBoxItem>
                )}
            </ListBox>
        </Popover>
    );
}

function Chevron() {
    return (
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
            <path d="M4 6l4 4 4-4" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
    );
}

interface ChoosingProps {
    choices: Choice[];
    /** What the list says when nothing fits. */
    empty?: string;
    /** Also what is in no list may be entered. */
    allowFree?: boolean;
    /** Told what is written, where the choices are looked up elsewhere: they are shown as they come then. */
    onSearch?: (text: string) => void;
}

/** Enter takes what is written, unless something of the list is pointed at: that is taken then. */
function onEnter(written: string, take: (entry: string) => void) {
    return (event: KeyboardEvent) => {
        const points = (event.target as HTMLElement).getAttribute('aria-activedescendant');
        if (event.key !== 'Enter' || !written || points) return;
        event.preventDefault();
        event.stopPropagation();
        take(written);
    };
}

/** One of many, found by writing part of it; '' is none. */
export function Chooser(props: FieldProps<string> & ChoosingProps) {
    const { choices, value, allowFree, onSearch } = props;
    const chosen = choices.find((each) => each.id === value) ?? (value ? { id: value } : undefined);
    const [text, setText] = useState(chosen ? textOf(chosen) : '');
    const [isEditing, setEditing] = useState(false);
    const wrong = value ? props.check?.(value) : missing(Boolean(props.isRequired));
    const { fault, input, judge } = useFault(props.name, value, wrong);
    // The name of what is chosen may be known later than its id.
    const label = chosen ? textOf(chosen) : '';
    useEffect(() => { if (!isEditing) setText(label); }, [label, isEditing]);
    const written = text.trim();
    const listed = onSearch ? choices.slice(0, most_listed) : matching(choices, text === label ? '' : text);
    const items = chosen && !listed.some((each) => each.id === chosen.id) ? [chosen, ...listed] : [...listed];
    if (allowFree && written && !items.some((each) => each.id === written || textOf(each) === written))
        items.push({ id: written, note: 'Take it as written' });
    return (
        <ComboBox className="field" items={items} value={value || null} inputValue={text} allowsEmptyCollection menuTrigger="focus"
            name={props.name} isRequired={props.isRequired} isDisabled={props.isDisabled} isReadOnly={props.isReadOnly}
            autoFocus={props.autoFocus} defaultFilter={() => true}
            onFocusChange={setEditing} onBlur={judge} isInvalid={fault !== null} validationBehavior="aria"
            onInputChange={(next) => { setText(next); onSearch?.(next); if (next === '') props.onChange(''); }}
            onChange={(key) => {
                const next = items.find((each) => each.id === key);
                setText(next ? textOf(next) : '');
                props.onChange(next?.id ?? '');
            }}>
            <Caption label={props.label} isRequired={props.isRequired} />
            <div className="combo" onKeyDownCapture={allowFree ? onEnter(written, props.onChange) : undefined}>
                <Input {...input} placeholder={props.placeholder} />
                <AriaButton className="combo-button"><Chevron /></AriaButton>
            </div>
            <Help>{props.help}</Help>
            <FieldError className="fault">{fault}</FieldError>
            <Options empty={props.empty ?? 'Nothing fits what is written.'} />
        </ComboBox>
    );
}

/** Any number of what exists, and of what is written when `allowFree`. Each can be taken away again. */
export function MultiChooser(props: Omit<FieldProps<string[]>, 'isReadOnly'> & ChoosingProps) {
    const { choices, value, allowFree, onSearch } = props;
    const [text, setText] = useState('');
    const written = text.trim();
    const open = choices.filter((each) => !value.includes(each.id));
    const items = onSearch ? open.slice(0, most_listed) : matching(open, text);
    if (allowFree && written && !value.includes(written) && !choices.some((each) => each.id === written))
        items.push({ id: written, note: 'Take it as written' });
    const add = (entry: string) => {
        setText('');
        if (!value.includes(entry)) props.onChange([...value, entry]);
    };
    const id = useId();
    const wrong = value.length > 0 ? props.check?.(value) : props.isRequired ? 'Choose at least one.' : null;
    const { fault, input } = useFault(props.name, value, wrong);
    const tags = value.map((each) => choices.find((choice) => choice.id === each) ?? { id: each });
    return (
        <div className="field">
            <label id={`${id}-label`} htmlFor={`${id}-input`}>
                {props.label}{props.isRequired && <span className="required" aria-hidden="true"> *</span>}
            </label>
            {tags.length > 0 && (
                <TagGroup aria-label={`${props.label}: chosen`} onRemove={props.isDisabled ? undefined
                    : (keys) => props.onChange(value.filter((each) => !keys.has(each)))}>
                    <TagList className="tags" items={tags}>
                        {(each) => (
                            <Tag id={each.id} textValue={textOf(each)} className="tag">
                                {textOf(each)}
                                {!props.isDisabled && <AriaButton slot="remove" className="tag-remove">×</AriaButton>}
                            </Tag>
                        )}
                    </TagList>
                </TagGroup>
            )}
            <ComboBox className="field" items={items} value={null} inputValue={text} allowsEmptyCollection menuTrigger="focus"
                aria-labelledby={`${id}-label`} isDisabled={props.isDisabled} autoFocus={props.autoFocus}
                defaultFilter={() => true} isInvalid={fault !== null} validationBehavior="aria"
                onInputChange={(next) => { setText(next); onSearch?.(next); }}
                onChange={(key) => { if (key !== null) add(String(key)); }}>
                <div className="combo" onKeyDownCapture={allowFree ? onEnter(written, add) : undefined}>
                    <Input {...input} id={`${id}-input`} placeholder={props.placeholder ?? 'Add…'} />
                    <AriaButton className="combo-button"><Chevron /></AriaButton>
                </div>
                <Help>{props.help}</Help>
                <FieldError className="fault">{fault}</FieldError>
                <Options empty={props.empty ?? (open.length === 0 ? 'Nothing else to choose.' : 'Nothing fits what is written.')} />
            </ComboBox>
        </div>
    );
}

export function Checkbox(props: Omit<FieldProps<boolean>, 'check' | 'placeholder'>) {
    const id = useId();
    const refusal = useRefusal(props.name, props.value);
    const described = [props.help && `${id}-help`, refusal && `${id}-fault`].filter(Boolean).join(' ');
    return (
        <div className="field">
            <AriaCheckbox className="checkbox" name={props.name} isSelected={props.value} onChange={props.onChange}
                isRequired={props.isRequired} isDisabled={props.isDisabled} isReadOnly={props.isReadOnly} isInvalid={Boolean(refusal)}
                autoFocus={props.autoFocus} aria-describedby={described || undefined}>
                <span className="box" aria-hidden="true">
                    <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="2">
                        <path d="M2 6.5l2.8 2.8L10 3.500" strokeLinecap="round" strokeLinejoin="round" />
                    </svg>
                </span>
                {props.label}
            </AriaCheckbox>
            {props.help && <span id={`${id}-help`} className="hint beside">{props.help}</span>}
            {refusal && <span id={`${id}-fault`} className="fault beside">{refusal}</span>}
        </div>
    );
}
