// One line of server-sent events for all tabs, taken up again with back-off where it ended: a browser has six connections
// for a server. The tab that holds a lock has the line and passes on what it hears; when it goes, the next one takes it up.
import { useEffect, useRef, useState } from 'preact/hooks';
import { checkSession } from './api';

export interface LiveEvent {
    kind: 'upload' | 'request' | 'missed';
    media_id: string | null;
    call: string;
    method: string; // of a request
    status: number;
    code: string | null;
    request_id: string;
    at: string;
}

export interface LineState {
    isUp: boolean;
    retryAt: number; // when the next attempt begins
    downSince: number;
}

const silenceMax = 40_000; // the server gives a sign every 15 s
const patience = 60_000; // with the tab that has the line: it may be frozen
const lockName = 'sluice live';
const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<(state: LineState) => void>();
const down: LineState = { isUp: false, retryAt: 0, downSince: 0 };
let state = down;
let source: EventSource | null = null;
let lastId = '';
let attempts = 0;
let silence = 0;
let retry = 0;
let isWanted = false;
let letGo: (() => void) | undefined; // in the tab that has the line

// --- what tabs tell each other --------------------------------------------------------------------

interface Passed {
    isAsked?: boolean; // by a tab that has just begun: how is the line?
    state?: LineState;
    event?: LiveEvent;
    lastId?: string;
}

const others = new BroadcastChannel(lockName);

function pass(passed: Passed) {
    if (letGo) {
        others.postMessage({ lastId, ...passed });
    }
}

others.onmessage = ({ data }: MessageEvent<Passed>) => {
    if (data.isAsked) {
        pass({ state });
    } else if (isWanted && !letGo) {
        expectSign(patience, takeOver);
        lastId = data.lastId || lastId;
        if (data.state) {
            become(data.state);
        }
        if (data.event) {
            tell(data.event);
        }
    }
};

const tell = (event: LiveEvent) => listeners.forEach((listen) => listen(event));

function become(next: LineState) {
    state = next;
    watchers.forEach((watch) => watch(state));
    if (state.downSince > 0) {
        void checkSession();
    }
}

function expectSign(ms: number, orElse: () => void) {
    clearTimeout(silence);
    silence = window.setTimeout(orElse, ms);
}

// --- the line -------------------------------------------------------------------------------------

function closeLine() {
    source?.close();
    source = null;
    clearTimeout(silence);
    clearTimeout(retry);
}

function fail() {
    closeLine();
    const pause = Math.min(15_000, 1000 * 2 ** attempts) * (0.8 + Math.random() * 0.4);
    ++attempts;
    retry = window.setTimeout(connect, pause);
    become({ isUp: false, retryAt: Date.now() + pause, downSince: state.downSince || Date.now() });
    pass({ state });
}

function heard(passed: Passed) {
    expectSign(silenceMax, fail);
    pass(passed);
}

const nothing: LiveEvent = { kind: 'missed', media_id: null, call: '', method: '', status: 0, code: null, request_id: '', at: '' };

function take(kind: LiveEvent['kind'], message: MessageEvent) {
    lastId = message.lastEventId || lastId;
    const event: LiveEvent = { ...nothing, ...JSON.parse(message.data), kind };
    heard({ event });
    tell(event);
}

function connect() {
    closeLine();
    expectSign(silenceMax, fail);
    source = new EventSource('/api/v1/events' + (lastId ? `?after=${lastId}` : ''));
    source.onopen = () => {
        const wasDown = state.downSince > 0;
        attempts = 0;
        become({ ...down, isUp: true });
        heard({ state });
        if (wasDown) {
            // The server may be another process by now: look at everything.
            heard({ event: nothing });
            tell(nothing);
        }
    };
    source.onerror = fail;
    source.addEventListener('beat', () => heard({ state }));
    for (const kind of ['upload', 'request', 'missed'] as const) {
        source.addEventListener(kind, (event) => take(kind, event));
    }
}

window.addEventListener('online', () => {
    if (letGo && !state.isUp) {
        attempts = 0;
        connect();
    }
});

// --- who has it -----------------------------------------------------------------------------------

const hold = () =>
    new Promise<void>((resolve) => {
        if (isWanted) {
            letGo = resolve;
            connect();
        } else {
            resolve();
        }
    });

async function waitForLine(how: LockOptions) {
    // Refused with AbortError: taken away, by a tab that heard nothing of this one.
    const isInTurn = await navigator.locks.request(lockName, how, hold).then(() => true, (error: Error) => error.name === 'AbortError');
    if (isWanted) {
        letGo = undefined;
        closeLine();
        setTimeout(() => isWanted && void waitForLine({}), isInTurn ? 0 : silenceMax);
    }
}

const takeOver = () => void waitForLine({ steal: true });

// Plain HTTP from another machine has no locks: there a tab has a line of its own while somebody looks at it.
function lookedAt() {
    if (isWanted && document.visibilityState === 'visible') {
        connect();
    } else {
        closeLine();
    }
}

export function startLive() {
    if (isWanted) {
        return;
    }
    isWanted = true;
    if (navigator.locks) {
        expectSign(patience, takeOver);
        others.postMessage({ isAsked: true });
        void waitForLine({});
    } else {
        letGo = () => {};
        document.addEventListener('visibilitychange', lookedAt);
        lookedAt();
    }
}

export function stopLive() {
    isWanted = false;
    closeLine();
    letGo?.();
    letGo = undefined;
    document.removeEventListener('visibilitychange', lookedAt);
    become(down);
}

export function useLine(): LineState {
    const [now, set] = useState(state);
    useEffect(() => {
        watchers.add(set);
        set(state);
        return () => void watchers.delete(set);
    }, []);
    return now;
}

export function useLive(listen: (event: LiveEvent) => void) {
    const latest = useRef(listen);
    latest.current = listen;
    useEffect(() => {
        const call = (event: LiveEvent) => latest.current(event);
        listeners.add(call);
        return () => void listeners.delete(call);
    }, []);
}

// Announced once to who does not see the page.
let announcer: HTMLElement | null = null;
let forgetting = 0;
export const setAnnouncer = (element: HTMLElement | null) => {
    announcer = element;
};
export function announce(text: string) {
    if (announcer && announcer.textContent !== text) {
        announcer.textContent = text;
        // What is done again is said again.
        clearTimeout(forgetting);
        forgetting = window.setTimeout(() => announcer?.replaceChildren(), 1000);
    }
}
