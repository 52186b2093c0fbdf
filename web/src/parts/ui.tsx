// Small pieces that every screen is made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../api';
import { plural } from '../format';
import { announce } from '../live';
import { Icon } from './icons';

export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
    const [isDone, setDone] = useState(false);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            const area = document.createElement('textarea');
            area.value = text;
            document.body.append(area);
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        setDone(true);
        announce('Copied');
        setTimeout(() => setDone(false), 1500);
    };
    return (
        <button type="button" class="small" onClick={copy}>
            <Icon name={isDone ? 'ok' : 'copy'} size={14} />
            {isDone ? 'Copied' : label}
        </button>
    );
}

export function Command({ text }: { text: string }) {
    return (
        <div class="command">
            <pre tabIndex={0}>{text}</pre>
            <Copy text={text} />
        </div>
    );
}

export function Bar({ value, label, tone = '' }: { value: number; label: string; tone?: string }) {
    const fill = useRef<HTMLElement>(null);
    useEffect(() => {
        fill.current!.style.width = `${value}%`;
    }, [value]);
    return (
        <span class={`bar ${tone}`} role="progressbar" aria-label={label} aria-valuenow={value} aria-valuemin={0} aria-valuemax={100}>
            <i ref={fill} />
        </span>
    );
}

export function Banner({ problem, retry }: { problem: Problem; retry?: () => void }) {
    return (
        <div class="banner bad" role="alert">
            <Icon name="warn" />
            <div>
                <strong>{problem.title || 'Something went wrong'}</strong>
                {problem.detail && <p>{problem.detail}</p>}
                {problem.hint && <p>{problem.hint}</p>}
                {problem.code && problem.status > 0 && (
                    <p class="soft">
                        <a href={problem.docUrl}>{problem.code}</a>
                    </p>
                )}
            </div>
            {retry && (
                <button type="button" class="small" onClick={retry}>
                    Try again
                </button>
            )}
        </div>
    );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <strong>{title}</strong>
            {children}
        </div>
    );
}

export function Skeleton({ rows = 5 }: { rows?: number }) {
    return (
        <div class="skeleton" role="status" aria-label="Loading">
            {Array.from({ length: rows }, (_, at) => (
                <i key={at} />
            ))}
        </div>
    );
}

export function Card({ title, children, actions, class: extra = '' }: { title: string; children: ComponentChildren; actions?: ComponentChildren; class?: string }) {
    return (
        <section class={`card ${extra}`}>
            <header>
                <h2>{title}</h2>
                {actions && <div class="actions">{actions}</div>}
            </header>
            {children}
        </section>
    );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
    return (
        <dl class="facts">
            {rows
                .filter(([, value]) => value !== null && value !== undefined && value !== '')
                .map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
        </dl>
    );
}

// Asks before something that cannot be undone. Escape and a click beside it say no.
export function Ask({ title, text, yes, onYes, onNo }: { title: string; text: string; yes: string; onYes: () => void; onNo: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current!.showModal(), []);
    return (
        <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onClose={onNo} onClick={(event) => event.target === dialog.current && onNo()}>
            <h2 id="ask-title">{title}</h2>
            <p>{text}</p>
            <div class="actions">
                <button type="button" onClick={onNo}>
                    Keep it
                </button>
                <button type="button" class="danger" onClick={onYes}>
                    {yes}
                </button>
            </div>
        </dialog>
    );
}

// What came meanwhile, over the head of a list, so that nothing below moves.
export function Fresh({ count, what, show }: { count: number; what: string; show: () => void }) {
    return (
        <div class="fresh">
            {count > 0 && (
                <button type="button" class="small" onClick={show}>
                    {plural(count, what)}
                </button>
            )}
        </div>
    );
}

export function saveFile(name: string, content: Blob) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
