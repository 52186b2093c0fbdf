// One line of server-sent events for the whole page, taken up again with back-off where it ended.
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
const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<(state: LineState) => void>();
let state: LineState = { isUp: false, retryAt: 0, downSince: 0 };
let source: EventSource | null = null;
let lastId = '';
let attempts = 0;
let silence = 0;
let retry = 0;

function become(next: LineState) {
    state = next;
    watchers.forEach((tell) => tell(state));
}

function heard() {
    clearTimeout(silence);
    silence = window.setTimeout(fail, silenceMax);
}

function fail() {
    source?.close();
    source = null;
    clearTimeout(silence);
    clearTimeout(retry);
    const pause = Math.min(15_000, 1000 * 2 ** attempts) * (0.8 + Math.random() * 0.4);
    ++attempts;
    become({ isUp: false, retryAt: Date.now() + pause, downSince: state.downSince || Date.now() });
    retry = window.setTimeout(connect, pause);
    void checkSession();
}

const nothing: LiveEvent = { kind: 'missed', media_id: null, call: '', method: '', status: 0, code: null, request_id: '', at: '' };

function take(kind: LiveEvent['kind'], event: MessageEvent) {
    heard();
    lastId = event.lastEventId || lastId;
    const told: LiveEvent = { ...nothing, ...JSON.parse(event.data), kind };
    listeners.forEach((listen) => listen(told));
}

function connect() {
    source?.close();
    source = new EventSource('/api/v1/events' + (lastId ? `?after=${lastId}` : ''));
    source.onopen = () => {
        const wasDown = state.downSince > 0;
        attempts = 0;
        heard();
        become({ isUp: true, retryAt: 0, downSince: 0 });
        if (wasDown) {
            // The server may be another process by now: look at everything.
            listeners.forEach((listen) => listen(nothing));
        }
    };
    source.onerror = fail;
    source.addEventListener('beat', heard);
    for (const kind of ['upload', 'request', 'missed'] as const) {
        source.addEventListener(kind, (event) => take(kind, event));
    }
}

let isWanted = false;

window.addEventListener('online', () => {
    if (isWanted && !state.isUp) {
        attempts = 0;
        clearTimeout(retry);
        connect();
    }
});

export function startLive() {
    isWanted = true;
    if (source === null) {
        connect();
    }
}

export function stopLive() {
    isWanted = false;
    source?.close();
    source = null;
    clearTimeout(retry);
    clearTimeout(silence);
    become({ isUp: false, retryAt: 0, downSince: 0 });
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
export const setAnnouncer = (element: HTMLElement | null) => {
    announcer = element;
};
export function announce(text: string) {
    if (announcer && announcer.textContent !== text) {
        announcer.textContent = text;
    }
}
