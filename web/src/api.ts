// Calls of the native API. Every refusal becomes a Problem, with what the server said about it.

export interface Next {
    method: string;
    url: string;
    curl: string;
}

const sentence = (text: string) => (/[.!?:]$/.test(text) ? text : text + '.');

export class Problem extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        readonly title: string,
        readonly detail: string,
        readonly hint: string,
        readonly docUrl: string,
    ) {
        super([title, detail, hint].filter(Boolean).map(sentence).join(' '));
    }
}

export interface Session {
    auth: 'open' | 'keys';
    signed_in: boolean;
    principal: string | null;
    name: string;
    scopes: string[];
}

let session: Session = { auth: 'open', signed_in: true, principal: 'anonymous', name: '', scopes: [] };
let whenSignedOut = () => {};

export const currentSession = () => session;
export const isOpen = () => session.auth === 'open';
export const isAdmin = () => session.scopes.includes('admin');
// And may act for each owner.
export const seesAll = () => isOpen() || isAdmin();
export const onSignedOut = (call: () => void) => {
    whenSignedOut = call;
};

export async function loadSession(): Promise<Session> {
    session = await call<Session>('GET', '/api/v1/session');
    return session;
}

function endSession() {
    session = { ...session, signed_in: false };
    whenSignedOut();
}

// The line of events tells no status when it breaks: it may be the session that ended.
export async function checkSession() {
    if (session.auth === 'keys' && session.signed_in) {
        const was = session;
        const now = await loadSession().catch(() => was);
        if (!now.signed_in) {
            endSession();
        }
    }
}

async function problemOf(answer: Response): Promise<Problem> {
    try {
        const body = await answer.json();
        const truth = body.sluice ?? body;
        return new Problem(
            answer.status,
            truth.code ?? '',
            body.title ?? '',
            truth.detail ?? body.detail ?? '',
            truth.hint ?? '',
            `/docs/errors/${truth.code ?? ''}`,
        );
    } catch {
        return new Problem(answer.status, '', `The server answered ${answer.status}`, '', '', '/docs/errors/');
    }
}

export interface CallOptions {
    owner?: string | null; // for whom, in open mode
    json?: unknown;
    body?: BodyInit;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}

export async function raw(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const headers: Record<string, string> = { 'Sluice-Console': '1', ...options.headers };
    if (options.owner && seesAll() && options.owner !== 'anonymous') {
        headers['Sluice-Owner'] = options.owner;
    }
    let body = options.body;
    if (options.json !== undefined) {
        headers['Content-Type'] = 'application/json';
        body = JSON.stringify(options.json);
    }
    try {
        return await fetch(path, { method, headers, body, signal: options.signal, credentials: 'same-origin' });
    } catch (error) {
        if ((error as Error).name === 'AbortError') {
            throw error;
        }
        throw new Problem(0, 'unreachable', 'The server cannot be reached', '', 'Look whether sluice serve runs.', '');
    }
}

async function admitted(answer: Response, path: string): Promise<Response> {
    if (answer.ok) {
        return answer;
    }
    const problem = await problemOf(answer);
    if (answer.status === 401 && session.auth === 'keys' && path !== '/api/v1/session') {
        endSession();
    }
    throw problem;
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const answer = await raw(method, path, options);
    const text = await (await admitted(answer, path)).text();
    try {
        return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch {
        const type = answer.headers.get('Content-Type') ?? 'nothing that is named';
        throw new Problem(answer.status, '', "The answer is not Sluice's", `${method} ${path} was answered with ${type}.`, 'Something stands between this page and the server: a proxy that wants you to sign in, or that leads elsewhere. Load the page anew.', '');
    }
}

export const get = <T>(path: string, options: CallOptions = {}) => call<T>('GET', path, options);

export async function text(path: string, options: CallOptions = {}): Promise<string> {
    const answer = await raw('GET', path, options);
    return (await admitted(answer, path)).text();
}
