import type { State } from '../model';

const shapes: Record<string, preact.JSX.Element> = {
    uploads: <path d="M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 19h14" />,
    requests: <path d="M4 8h13m0 0-3.5-3.5M17 8l-3.5 3.5M20 16H7m0 0 3.5-3.5M7 16l3.5 3.5" />,
    jobs: <path d="M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.6l2.1 2.1m8.6 8.6 2.1 2.1m0-12.8-2.1 2.1m-8.6 8.6-2.1 2.1" />,
    keys: <path d="M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm3 1.2L19 4m-3.5 3.5L18 10m-5.5-.5 2 2" />,
    faults: <path d="M13 3 5 14h6l-1 7 8-11h-6l1-7Z" />,
    system: <path d="M4 5h16v6H4zm0 8h16v6H4zm3-5h.01M7 16h.01" />,
    docs: <path d="M5 4.5h9a4 4 0 0 1 4 4V20H8a3 3 0 0 1-3-3V4.5Zm3 5h6m-6 4h6" />,
    ok: <path d="m5 12.5 4.5 4.5L19 7.5" />,
    bad: <path d="M6.5 6.5 17.5 17.5m0-11L6.5 17.5" />,
    warn: <path d="M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.5v.01" />,
    wait: <path d="M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 4v5l3 2" />,
    gear: <path d="M20 12a8 8 0 1 1-2.3-5.7M20 4v4h-4" />,
    open: <path d="M12 4v11m0 0-4-4m4 4 4-4M5 20h14" />,
    copy: <path d="M9 9h11v11H9zM5 15H4V4h11v1" />,
    pause: <path d="M8 5v14m8-14v14" />,
    play: <path d="M7 4.5v15l12-7.5L7 4.5Z" />,
    trash: <path d="M4 7h16M9.5 7V4h5v3m-8 0 1 13h9l1-13M10 11v5.5m4-5.5v5.5" />,
    pin: <path d="M12 21v-7m-5 0h10l-2-3V4H9v7l-2 3Z" />,
    file: <path d="M6 3h8l4 4v14H6zm8 0v4h4" />,
    search: <path d="M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm5 11.5L20 20" />,
};

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
    return (
        <svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            {shapes[name]}
        </svg>
    );
}

const looks: Record<State, [string, string, string]> = {
    open: ['open', 'open', 'Receiving'],
    sealed: ['wait', 'busy', 'Sealed'],
    queued: ['wait', 'busy', 'Queued'],
    processing: ['gear', 'busy', 'Processing'],
    ready: ['ok', 'good', 'Ready'],
    failed: ['bad', 'bad', 'Failed'],
    cancelled: ['bad', 'quiet', 'Cancelled'],
    expired: ['wait', 'quiet', 'Expired'],
};

export const nameOfState = (state: State) => looks[state]?.[2] ?? state;

export function StateBadge({ state }: { state: State }) {
    const [icon, tone, text] = looks[state] ?? ['wait', 'quiet', state];
    return (
        <span class={`badge ${tone}`}>
            <Icon name={icon} size={14} />
            {text}
        </span>
    );
}

export function StatusBadge({ status }: { status: number }) {
    const tone = status >= 500 ? 'bad' : status >= 400 ? 'warn' : status >= 300 ? 'quiet' : 'good';
    return <span class={`badge code ${tone}`}>{status === 0 ? 'none' : status}</span>;
}
