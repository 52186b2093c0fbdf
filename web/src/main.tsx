import { Component, render, type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, isAdmin, isOpen, loadSession, onSignedOut, type Session } from './api';
import { setAnnouncer, startLive, stopLive, useLine } from './live';
import { useNow } from './hooks';
import { Icon } from './parts/icons';
import { useDrop } from './parts/sendings';
import { Empty } from './parts/ui';
import { followLinks, go, usePlace } from './router';
import { Faults } from './screens/faults';
import { Jobs } from './screens/jobs';
import { Keys } from './screens/keys';
import { Login } from './screens/login';
import { RequestScreen } from './screens/request';
import { Requests } from './screens/requests';
import { SystemScreen } from './screens/system';
import { UploadScreen } from './screens/upload';
import { Uploads } from './screens/uploads';
import { leaveSendings, takeUpSendings } from './uploader';

const screens: [string, string, string, string][] = [
    ['/', 'Uploads', 'uploads', 'u'],
    ['/requests', 'Requests', 'requests', 'r'],
    ['/jobs', 'Processing', 'jobs', 'p'],
    ['/keys', 'Keys', 'keys', 'k'],
    ['/faults', 'Faults', 'faults', 'f'],
    ['/system', 'System', 'system', 's'],
];

function plainPath(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

// What only an operator may do is not offered to others.
const OfOperators = ({ name }: { name: string }) => (
    <>
        <h1>{name}</h1>
        <Empty title="For operators">
            <p>
                This takes a key with the scope <code>admin</code>. Whoever runs the server can make one.
            </p>
        </Empty>
    </>
);

const Nowhere = ({ path }: { path: string }) => (
    <div class="gone">
        <h1>Nothing is here</h1>
        <p>
            <code>{plainPath(path)}</code> is no screen of the console.
        </p>
        <p>
            <a href="/">All uploads</a> · <a href="/docs">Documentation</a>
        </p>
    </div>
);

function screenOf(asked: string) {
    const path = asked.replace(/(?<=.)\/+$/, '');
    const one = /^\/(u|requests)\/(.+)$/.exec(path);
    if (one) {
        const id = plainPath(one[2]!);
        return one[1] === 'u' ? <UploadScreen key={id} id={id} /> : <RequestScreen key={id} id={id} />;
    }
    switch (path) {
        case '/requests':
            return <Requests />;
        case '/jobs':
            return <Jobs />;
        case '/keys':
            return isAdmin() ? <Keys /> : <OfOperators name="Keys" />;
        case '/faults':
            return <Faults />;
        case '/system':
            return isAdmin() ? <SystemScreen /> : <OfOperators name="System" />;
        case '/':
        case '/login':
            return <Uploads />;
        default:
            return <Nowhere path={path} />;
    }
}

function LineMark() {
    const line = useLine();
    const now = useNow(1000);
    if (line.isUp) {
        return (
            <span class="line up">
                <i aria-hidden="true" /> Live
            </span>
        );
    }
    if (line.downSince === 0) {
        return <span class="line">Connecting</span>;
    }
    const left = Math.max(0, Math.ceil((line.retryAt - now) / 1000));
    const isStale = now - line.downSince > 10_000;
    return (
        <span class="line down" role="status">
            <i aria-hidden="true" /> {isStale ? 'Stale: ' : ''}live updates lost<span aria-hidden="true">{left > 0 ? `, retrying in ${left} s` : ', retrying'}</span>
        </span>
    );
}

// Whoever speaks to the computer, or leans on the keyboard, can do without keys that act at once.
const keysSetting = 'sluice keys';
const haveKeys = () => localStorage.getItem(keysSetting) !== 'off';

function Help({ close }: { close: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [isOn, setOn] = useState(haveKeys());
    const turn = () => {
        localStorage.setItem(keysSetting, isOn ? 'off' : 'on');
        setOn(!isOn);
    };
    useEffect(() => dialog.current!.showModal(), []);
    const keys: [string, string][] = [['/', 'Search'], ['j, k', 'Next, previous in a list'], ['Enter', 'Open'], ...screens.map(([, name, , key]) => [`g ${key}`, `Go to ${name}`] as [string, string]), ['?', 'This help'], ['Esc', 'Close']];
    return (
        <dialog ref={dialog} class="ask" aria-labelledby="help-title" onClose={close}>
            <h2 id="help-title">Keys</h2>
            <dl class="keys">
                {keys.map(([key, what]) => (
                    <div key={key}>
                        <dt>
                            <kbd>{key}</kbd>
                        </dt>
                        <dd>{what}</dd>
                    </div>
                ))}
            </dl>
            <label class="check">
                <input type="checkbox" checked={isOn} onChange={turn} /> Keys without Ctrl or Alt act
            </label>
            <div class="actions">
                <button type="button" onClick={close}>
                    Close
                </button>
            </div>
        </dialog>
    );
}

function moveInList(by: 1 | -1) {
    const links = [...document.querySelectorAll<HTMLElement>('table.list tbody a.name')];
    const here = links.findIndex((link) => link.closest('tr')!.contains(document.activeElement));
    const next = links[here < 0 ? 0 : Math.max(0, Math.min(links.length - 1, here + by))];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
}

function useKeys(showHelp: () => void) {
    useEffect(() => {
        let isGoing = false;
        const press = (event: KeyboardEvent) => {
            if (!haveKeys() || event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches('input, textarea, select') || document.querySelector('dialog[open]')) {
                return;
            }
            const target = isGoing ? screens.find(([, , , key]) => key === event.key) : undefined;
            isGoing = event.key === 'g' && !isGoing;
            if (target) {
                go(target[0]);
            } else if (event.key === 'j' || event.key === 'k') {
                moveInList(event.key === 'j' ? 1 : -1);
            } else if (event.key === '/') {
                event.preventDefault();
                document.querySelector<HTMLElement>('[data-search]')?.focus();
            } else if (event.key === '?') {
                showHelp();
            }
        };
        document.addEventListener('keydown', press);
        return () => document.removeEventListener('keydown', press);
    }, []);
}

// A screen that breaks takes no other with it.
class Guard extends Component<{ children: ComponentChildren }, { error?: Error }> {
    state: { error?: Error } = {};
    static getDerivedStateFromError(error: Error) {
        return { error };
    }
    render() {
        const { error } = this.state;
        return !error ? (
            this.props.children
        ) : (
            <div class="gone" role="alert">
                <h1>This screen broke</h1>
                <p>It is a mistake of the console. Uploads and the server go on.</p>
                <pre tabIndex={0}>{String(error.stack ?? error)}</pre>
                <button type="button" onClick={() => location.reload()}>
                    Load it again
                </button>
            </div>
        );
    }
}

function Console({ signOut }: { signOut: () => void }) {
    const { path } = usePlace();
    const [isHelp, setHelp] = useState(false);
    const main = useRef<HTMLElement>(null);
    const isFirst = useRef(true);
    useKeys(() => setHelp(true));
    useDrop(() => go('/'));
    useEffect(() => {
        startLive();
        void takeUpSendings();
    }, []);
    useEffect(() => {
        if (!isFirst.current) {
            main.current?.focus({ preventScroll: true });
        }
        isFirst.current = false;
    }, [path]);
    const isHere = (to: string) => (to === '/' ? path === '/' || path.startsWith('/u/') : path.startsWith(to));
    const shown = screens.filter(([to]) => (to !== '/keys' && to !== '/system') || isAdmin()).filter(([to]) => to !== '/faults' || isOpen());
    return (
        <div class="frame" onClick={followLinks}>
            <a class="skip" href="#main">
                Skip to content
            </a>
            <header class="side">
                <a class="brand" href="/" aria-label="Sluice, uploads">
                    <img src="/favicon.svg" alt="" width="26" height="26" /> Sluice
                </a>
                <nav aria-label="Screens">
                    {shown.map(([to, name, icon]) => (
                        <a key={to} href={to} aria-current={isHere(to) ? 'page' : undefined}>
                            <Icon name={icon} size={17} /> {name}
                        </a>
                    ))}
                    <a href="/docs">
                        <Icon name="docs" size={17} /> Docs
                    </a>
                </nav>
                <div class="foot">
                    <LineMark />
                    {!isOpen() && (
                        <button type="button" class="small" onClick={signOut}>
                            Sign out
                        </button>
                    )}
                    <button type="button" class="small keys-button" onClick={() => setHelp(true)} aria-label="Keys of the keyboard">
                        <kbd>?</kbd>
                    </button>
                </div>
            </header>
            <main id="main" ref={main} tabIndex={-1}>
                <Guard key={path}>{screenOf(path)}</Guard>
            </main>
            {isHelp && <Help close={() => setHelp(false)} />}
        </div>
    );
}

function App() {
    const [session, setSession] = useState<Session>();
    const [wasSignedIn, setWas] = useState(false);
    const [failure, setFailure] = useState('');
    const place = usePlace();
    const isEntering = useRef(false); // the sign-in stays until it is done with, also where somebody is signed in
    const begin = () => loadSession().then((loaded) => (setFailure(''), setSession(loaded)), (error: Error) => (setFailure(error.message), void setTimeout(begin, 3000)));
    useEffect(() => {
        void begin();
        onSignedOut(() => {
            stopLive();
            leaveSendings();
            setWas(true);
            setSession((old) => old && { ...old, signed_in: false });
        });
    }, []);
    if (!session) {
        return failure ? <main class="login"><p class="banner bad" role="alert">{failure}</p></main> : <main class="login" aria-busy="true" />;
    }
    const hasLink = place.path === '/login' && location.hash.length > 1;
    isEntering.current ||= hasLink && !isOpen();
    if (!session.signed_in || isEntering.current) {
        const enter = async () => {
            if (location.pathname === '/login') {
                history.replaceState(null, '', '/');
            }
            setWas(false);
            isEntering.current = false;
            await begin();
        };
        return <Login signedIn={() => void enter()} wasSignedIn={wasSignedIn} goOn={session.signed_in ? () => void enter() : undefined} />;
    }
    const signOut = async () => {
        await call('DELETE', '/api/v1/session').catch(() => {});
        stopLive();
        leaveSendings();
        await begin();
    };
    return <Console signOut={() => void signOut()} />;
}

function Root() {
    const announcer = useRef<HTMLDivElement>(null);
    useEffect(() => setAnnouncer(announcer.current), []);
    return (
        <>
            <App />
            <div ref={announcer} class="hidden" role="status" aria-live="polite" />
        </>
    );
}

render(<Root />, document.getElementById('app')!);
