// The console's own uploads, through X's v2 API: several files, several segments at once, paused and
// resumed. What is under way is kept in IndexedDB with the file itself, so that a reload goes on by
// itself; of a large file only its facts are kept, and the file has to be given again.
import { call, currentSession, get, Problem } from './api';
import type { Upload } from './model';

export type Phase = 'waiting' | 'sending' | 'paused' | 'needs-file' | 'finishing' | 'sent' | 'failed';

export interface Sending {
    key: string;
    name: string;
    size: number;
    type: string;
    modified: number;
    category: string;
    mediaId: string | null;
    segmentSize: number;
    phase: Phase;
    done: number[]; // indexes that the server has acknowledged
    error: string;
    errorCode: string;
    isHopeless: boolean; // the same would fail again
    file: File | null;
    owner: string; // the principal that began it; another one on this browser does not go on with it
    speed: number; // bytes a second, over the last while
}

const keptFileMax = 512e6;
const atOnce = 3; // of one upload
const atOnceOfAll = 4; // browsers have six connections for a server, and the page needs some itself
const segmentsMax = 1000;
const triesMax = 6;

let all: Sending[] = [];
const watchers = new Set<(all: Sending[]) => void>();
const running = new Map<string, AbortController>();

export const watchSendings = (watch: (all: Sending[]) => void) => {
    watchers.add(watch);
    watch(all);
    return () => void watchers.delete(watch);
};

function tell() {
    all = [...all];
    watchers.forEach((watch) => watch(all));
}

// --- what is kept over a reload -------------------------------------------------------------------

function database(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
        const opening = indexedDB.open('sluice-console', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('sendings', { keyPath: 'key' });
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
    });
}

async function stored<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    try {
        const db = await database();
        return await new Promise<T>((resolve, reject) => {
            const asked = work(db.transaction('sendings', mode).objectStore('sendings'));
            asked.onsuccess = () => resolve(asked.result);
            asked.onerror = () => reject(asked.error);
        });
    } catch {
        return undefined; // a private window: the upload works, a reload ends it
    }
}

const keep = (one: Sending) => stored('readwrite', (store) => store.put({ ...one, file: one.size <= keptFileMax ? one.file : null }));
const forget = (key: string) => stored('readwrite', (store) => store.delete(key));

// --- one upload -----------------------------------------------------------------------------------

// Browsers call these as the system does, or do not know them.
const typesByEnding: Record<string, string> = { ts: 'video/mp2t', srt: 'text/srt', vtt: 'text/vtt', heic: 'image/heic', heif: 'image/heif', avif: 'image/avif' };
const typeOf = (file: File) => typesByEnding[file.name.split('.').pop()!.toLowerCase()] ?? (file.type || 'application/octet-stream');

function categoryOf(type: string): string {
    if (type.startsWith('video/')) {
        return 'tweet_video';
    }
    return type === 'image/gif' ? 'tweet_gif' : type === 'text/srt' || type === 'text/vtt' ? 'subtitles' : 'tweet_image';
}

const segmentCount = (one: Sending) => Math.max(1, Math.ceil(one.size / one.segmentSize));

export const sentBytes = (one: Sending) =>
    one.done.reduce((sum, index) => sum + Math.min(one.segmentSize, one.size - index * one.segmentSize), 0);

const pause = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
    });

const isTemporary = (failure: unknown) => failure instanceof Problem && (failure.status === 0 || failure.status === 429 || failure.status >= 500);
// The same would be refused again; but the session may come back, and a segment that is missing is sent.
const isHopelessAfter = (failure: unknown) => !isTemporary(failure) && !(failure instanceof Problem && (failure.status === 401 || failure.code === 'segment_missing'));

// Again after a pause, where the cause may pass by itself.
async function patiently<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; ++tried) {
        try {
            return await attempt();
        } catch (failure) {
            if (!isTemporary(failure) || tried === triesMax) {
                throw failure;
            }
            await pause(500 * 2 ** tried * (0.7 + Math.random() * 0.6), signal);
        }
    }
}

async function begin(one: Sending, signal: AbortSignal) {
    const made = await patiently(signal, () =>
        call<{ data: { id: string } }>('POST', '/2/media/upload/initialize', {
            json: { media_type: one.type, total_bytes: one.size, media_category: one.category, file_name: one.name },
            headers: { 'Idempotency-Key': one.key },
            signal,
        }),
    );
    one.mediaId = made.data.id;
    await keep(one);
}

// What the server says it has, it has.
async function askWhatArrived(one: Sending, signal: AbortSignal) {
    const upload = await patiently(signal, () => get<Upload>(`/api/v1/uploads/${one.mediaId}`, { signal }));
    if (upload.state === 'cancelled' || upload.state === 'expired') {
        throw new Error(`The upload is ${upload.state}: give the file again.`);
    }
    if (upload.state !== 'open') {
        one.phase = 'sent';
        one.error = upload.processing.error?.message ?? '';
        return;
    }
    one.done = upload.segments.arrived.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}

// Segments of all uploads wait here for each other.
let free = atOnceOfAll;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (free === 0) {
        await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
        --free;
    }
    try {
        return await work();
    } finally {
        const next = waiting.shift();
        if (next) {
            next();
        } else {
            ++free;
        }
    }
}

async function sendSegment(one: Sending, index: number, signal: AbortSignal) {
    const bytes = one.file!.slice(index * one.segmentSize, (index + 1) * one.segmentSize);
    await patiently(signal, () =>
        inTurn(async () => {
            signal.throwIfAborted();
            // A file that cannot be read would look like a server that cannot be reached.
            await bytes.slice(0, 1).arrayBuffer().catch(() => {
                throw new Error('The file was changed or removed since it was chosen. Cancel, and give it anew.');
            });
            const form = new FormData();
            form.append('segment_index', String(index));
            form.append('media', bytes, one.name);
            await call('POST', `/2/media/upload/${one.mediaId}/append`, { body: form, signal });
        }),
    );
}

async function sendAll(one: Sending, signal: AbortSignal) {
    const have = new Set(one.done);
    const left = Array.from({ length: segmentCount(one) }, (_, index) => index).filter((index) => !have.has(index));
    const began = performance.now();
    let sent = 0;
    const lane = async () => {
        for (let index = left.shift(); index !== undefined; index = left.shift()) {
            await sendSegment(one, index, signal);
            one.done.push(index);
            sent += Math.min(one.segmentSize, one.size - index * one.segmentSize);
            one.speed = (sent * 1000) / Math.max(1, performance.now() - began);
            tell();
        }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
}

// One page at a time sends an upload: another tab has taken up the same records.
const lockOf = (one: Sending) => `sluice sending ${one.key}`;

async function run(one: Sending): Promise<void> {
    await (navigator.locks ? navigator.locks.request(lockOf(one), () => send(one)) : send(one));
}

const isOfAnother = (one: Sending) => one.owner !== undefined && one.owner !== (currentSession().principal ?? '');
const isHere = (one: Sending) => all.some((other) => other.key === one.key);

// When the page that sends it goes, without having ended it, this one goes on.
async function standBy(waitedFor: Sending) {
    await navigator.locks.request(lockOf(waitedFor), async () => {
        const one = await stored<Sending>('readonly', (store) => store.get(waitedFor.key));
        if (!one || one.phase === 'paused' || one.phase === 'failed' || !currentSession().signed_in || isOfAnother(one) || isHere(one)) {
            return;
        }
        all.push(one);
        if (one.file) {
            await send(one);
        } else {
            one.phase = 'needs-file';
            tell();
        }
    });
}

// Why it ends, and what has to be kept before another page may look at it.
class Stopped extends DOMException {
    constructor(why: string, readonly isKept: Promise<unknown> = Promise.resolve()) {
        super(why, 'AbortError');
    }
}

function stop(one: Sending, why: string, keeping: () => Promise<unknown>) {
    const isKept = keeping();
    running.get(one.key)?.abort(new Stopped(why, isKept));
}

async function send(one: Sending) {
    if (!all.includes(one)) {
        return; // taken off the list meanwhile
    }
    const mine = new AbortController();
    running.set(one.key, mine);
    one.phase = 'sending';
    one.error = one.errorCode = '';
    tell();
    try {
        await (one.mediaId ? askWhatArrived(one, mine.signal) : begin(one, mine.signal));
        if (one.phase === 'sending') {
            await sendAll(one, mine.signal);
            one.phase = 'finishing';
            tell();
            await patiently(mine.signal, () => call('POST', `/2/media/upload/${one.mediaId}/finalize`, { signal: mine.signal }));
            one.phase = 'sent';
        }
        mine.signal.throwIfAborted();
        await forget(one.key);
    } catch (failure) {
        if (mine.signal.aborted) {
            await (mine.signal.reason as Stopped).isKept;
        } else {
            one.phase = 'failed';
            one.error = (failure as Error).message;
            one.errorCode = failure instanceof Problem ? failure.code : '';
            one.isHopeless = isHopelessAfter(failure);
            mine.abort();
            await keep(one);
        }
    }
    if (running.get(one.key) === mine) {
        running.delete(one.key);
    }
    tell();
}

// --- what the page asks for -----------------------------------------------------------------------

export function addFiles(files: Iterable<File>) {
    for (const file of files) {
        const waiting = all.find((one) => one.phase === 'needs-file' && one.name === file.name && one.size === file.size && one.modified === file.lastModified);
        if (waiting) {
            waiting.file = file;
            void run(waiting);
            continue;
        }
        const one: Sending = {
            key: crypto.randomUUID?.() ?? String(Math.random()),
            name: file.name || 'pasted',
            size: file.size,
            type: typeOf(file),
            modified: file.lastModified,
            category: categoryOf(typeOf(file)),
            mediaId: null,
            segmentSize: Math.max(2 << 20, Math.ceil(file.size / (segmentsMax - 10))),
            phase: 'waiting',
            done: [],
            error: '',
            errorCode: '',
            isHopeless: false,
            file,
            owner: currentSession().principal ?? '',
            speed: 0,
        };
        all.push(one);
        void keep(one).then(() => run(one));
    }
    tell();
}

export function pauseSending(one: Sending) {
    stop(one, 'paused', () => keep(one));
    one.phase = 'paused';
    tell();
}

export const resumeSending = (one: Sending) => void run(one);

export function dropSending(one: Sending) {
    stop(one, 'dropped', () => forget(one.key));
    all = all.filter((other) => other !== one);
    if (one.mediaId && one.phase !== 'sent') {
        call('DELETE', `/api/v1/uploads/${one.mediaId}`).catch(() => {});
    }
    tell();
}

export const isSentFromHere = (mediaId: string) => all.some((one) => one.mediaId === mediaId);

export function clearSent() {
    all = all.filter((one) => one.phase !== 'sent');
    tell();
}

// Once, when the page begins: goes on with what a reload interrupted.
export async function takeUpSendings() {
    const kept = (await stored<Sending[]>('readonly', (store) => store.getAll())) ?? [];
    const held = new Set((await navigator.locks?.query())?.held?.map((lock) => lock.name));
    for (const one of kept) {
        if (isOfAnother(one) || isHere(one)) {
            continue;
        }
        if (held.has(lockOf(one))) {
            void standBy(one);
            continue;
        }
        all.push(one);
        if (one.phase === 'sent') {
            continue;
        }
        if (!one.file) {
            one.phase = 'needs-file';
        } else if (one.phase !== 'paused' && one.phase !== 'failed') {
            void run(one);
        }
    }
    tell();
}

// At the end of a session: nothing goes on, nothing is shown; who signs in again takes it up.
export function leaveSendings() {
    running.forEach((one) => one.abort(new Stopped('signed out')));
    all = [];
    tell();
}
