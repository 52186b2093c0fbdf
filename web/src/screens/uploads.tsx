import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, isOpen, seesAll } from '../api';
import { age, bytes, percent, plural, shownName } from '../format';
import { isPointedAt, useEvery, useNow, useQuery, useSoon, useTitle } from '../hooks';
import { announce, useLive } from '../live';
import { isMoving, isOver, type Diagnosis, type Page, type State, type Upload } from '../model';
import { Icon, nameOfState, StateBadge } from '../parts/icons';
import { DropArea } from '../parts/sendings';
import { Banner, Bar, Command, Empty, Fresh, Skeleton } from '../parts/ui';
import { setQuery, usePlace } from '../router';
import { isSentFromHere } from '../uploader';

const pageSize = 50;
const table = 'table.uploads';
const beginnings = ['INIT', 'ONE_SHOT', 'CREATE'];
const filters: [string, string][] = [
    ['', 'All'],
    ['open', 'Receiving'],
    ['sealed,queued,processing', 'Processing'],
    ['ready', 'Ready'],
    ['failed', 'Failed'],
];

export function thumbOf(upload: Upload): string | null {
    const pictures = upload.outputs.filter((one) => (one.role === 'poster' || one.role === 'picture') && /jpeg|png|webp/.test(one.content_type));
    pictures.sort((a, b) => (a.width ?? 0) - (b.width ?? 0));
    return pictures[0]?.url ?? null;
}

const protocolNames: Record<string, string> = { x1: 'X v1.1', x2: 'X v2', tus: 'tus', rufh: 'RUFH' };
export const nameOfProtocol = (upload: Upload) => (upload.protocol === null ? null : (protocolNames[upload.protocol] ?? upload.protocol));
export const nameOf = (upload: Upload) => shownName(upload.file_name, upload.media_id);
export const isNamed = (upload: Upload) => nameOf(upload) !== upload.media_id;

function Thumb({ upload }: { upload: Upload }) {
    const url = thumbOf(upload);
    const family = upload.category.includes('video') ? 'play' : upload.category.includes('subtitle') ? 'docs' : 'file';
    return <span class="thumb">{url ? <img src={new URL(url).pathname + new URL(url).search} alt="" loading="lazy" /> : <Icon name={family} size={18} />}</span>;
}

function VerdictLine({ upload, diagnosis }: { upload: Upload; diagnosis?: Diagnosis }) {
    if (upload.state === 'failed' && upload.processing.error) {
        return <span class="wrong">{upload.processing.error.message}</span>;
    }
    if (upload.state === 'open') {
        return diagnosis && !diagnosis.healthy ? (
            <span class="wrong">
                {diagnosis.title} <code>{diagnosis.code}</code>
            </span>
        ) : (
            <span class="soft">{diagnosis?.title ?? `${plural(upload.segments.received, 'segment')} arrived`}</span>
        );
    }
    if (isMoving(upload.state)) {
        return <span class="soft">{upload.processing.step || nameOfState(upload.state)}</span>;
    }
    return <span class="soft">{upload.outputs.length ? plural(upload.outputs.length, 'file') : 'Nothing to make'}</span>;
}

function Row({ upload, diagnosis, now }: { upload: Upload; diagnosis?: Diagnosis; now: number }) {
    const sent = percent(upload.received_bytes, upload.size_bytes);
    const isBad = upload.state === 'failed';
    const made = upload.state === 'ready' || isBad ? 100 : upload.processing.progress_percent;
    return (
        <tr>
            <td class="c-file">
                <Thumb upload={upload} />
                <div>
                    <a href={`/u/${upload.media_id}`} class={isNamed(upload) ? 'name' : 'name mono'}>
                        <bdi>{nameOf(upload)}</bdi>
                    </a>
                    <small class={isNamed(upload) ? 'soft mono' : 'soft'}>{isNamed(upload) ? upload.media_id : upload.media_type || 'no type given'}</small>
                </div>
            </td>
            <td class="c-state">
                <StateBadge state={upload.state} />
            </td>
            <td class="c-bars">
                <Bar value={sent} label={`${nameOf(upload)} received`} tone={sent === 100 ? 'good' : ''} />
                <Bar value={made} label={`${nameOf(upload)} ${isBad ? 'failed' : 'processed'}`} tone={isBad ? 'bad' : made === 100 ? 'good' : ''} />
            </td>
            <td class="c-kind soft">
                {upload.category}
                <br />
                {nameOfProtocol(upload) ?? plural(upload.segments.received, 'segment')}
                {upload.one_shot && ', one call'}
                {!isOpen() && seesAll() && (
                    <>
                        <br />
                        {upload.owner}
                    </>
                )}
            </td>
            <td class="c-size number">{bytes(upload.size_bytes)}</td>
            <td class="c-age number soft">
                <time dateTime={upload.created_at}>{age(upload.created_at, now)}</time>
            </td>
            <td class="c-verdict">
                <VerdictLine upload={upload} diagnosis={diagnosis} />
            </td>
        </tr>
    );
}

// What is wrong with those that take bytes: asked a few at a time, and again when something was heard of them.
function useDiagnoses(uploads: Upload[]): Map<string, Diagnosis> {
    const known = useRef(new Map<string, { of: string; said: Diagnosis | undefined; at: number }>());
    const [, update] = useState(0);
    const wanted = uploads.filter((one) => one.state === 'open');
    const versions = useRef(new Map<string, number>());
    useLive((event) => {
        if (event.media_id) {
            versions.current.set(event.media_id, (versions.current.get(event.media_id) ?? 0) + 1);
            update((n) => n + 1);
        }
    });
    const keyOf = (one: Upload) => `${one.state} ${one.received_bytes} ${versions.current.get(one.media_id) ?? 0}`;
    const askedAt = (one: Upload) => known.current.get(one.media_id)?.at ?? 0;
    const due = wanted.filter((one) => known.current.get(one.media_id)?.of !== keyOf(one)).sort((a, b) => askedAt(a) - askedAt(b)).slice(0, 4);
    const isAsking = useRef(false);
    const ask = useSoon(async () => {
        if (isAsking.current) {
            return;
        }
        isAsking.current = true;
        await Promise.all(
            due.map(async (one) => {
                const of = keyOf(one);
                const said = await get<Diagnosis>(`/api/v1/uploads/${one.media_id}/diagnosis`, { owner: one.owner }).catch(() => known.current.get(one.media_id)?.said);
                known.current.set(one.media_id, { of, said, at: Date.now() });
            }),
        );
        isAsking.current = false;
        update((n) => n + 1);
    }, 200);
    useEffect(() => {
        if (due.length > 0) {
            ask();
        }
    });
    return new Map([...known.current].flatMap(([id, one]) => (one.said ? [[id, one.said] as const] : [])));
}

function FirstSteps() {
    const base = location.origin;
    return (
        <Empty title="No uploads yet">
            <p>Drop a file above, or send one from a terminal:</p>
            <Command text={`${isOpen() ? '' : 'SLUICE_TOKEN=TOKEN '}sluice upload --server ${base} clip.mp4`} />
            {isOpen() && (
                <>
                    <p>
                        An X client that has its hosts built in, if the server was started with <code>--dev-tls --dev-proxy 127.0.0.1:8888</code>:
                    </p>
                    <Command text={`eval "$(sluice env --server ${base})"`} />
                </>
            )}
            <p>
                Or by hand, <a href="/docs/quickstart">step by step with curl</a>.
            </p>
        </Empty>
    );
}

export function Uploads() {
    useTitle('Uploads');
    const { query } = usePlace();
    const state = query.get('state') ?? '';
    const text = query.get('q') ?? '';
    const after = query.get('after') ?? '';
    const [typed, setTyped] = useState(text);
    const [fresh, setFresh] = useState(0);
    const now = useNow(5000);

    const path = useMemo(() => {
        const asked = new URLSearchParams({ limit: String(pageSize) });
        if (seesAll()) {
            asked.set('owner', 'all');
        }
        for (const [name, value] of [['state', state], ['q', text], ['after', after]]) {
            if (value) {
                asked.set(name, value);
            }
        }
        return `/api/v1/uploads?${asked}`;
    }, [state, text, after]);
    const list = useQuery(path, (signal) => get<Page<Upload>>(path, { signal }));
    const rows = list.data?.data ?? [];
    const diagnoses = useDiagnoses(rows);

    const dirty = useRef(new Map<string, string>());
    const refreshSome = async () => {
        const ids = [...dirty.current];
        dirty.current.clear();
        const loaded = await Promise.all(ids.map(([id, owner]) => get<Upload>(`/api/v1/uploads/${id}`, { owner }).catch(() => null)));
        list.set((old) => {
            if (!old) {
                return old;
            }
            const data = old.data.flatMap((row) => {
                const at = ids.findIndex(([id]) => id === row.media_id);
                const next = at < 0 ? row : (loaded[at] ?? row);
                if (next.state !== row.state) {
                    announce(`${nameOf(next)}: ${nameOfState(next.state)}`);
                }
                const isShown = !isOver(next.state) && (state === '' || state.split(',').includes(next.state));
                return isShown || (isPointedAt(table) && !isOver(next.state)) ? [next] : [];
            });
            return { ...old, data };
        });
    };
    // What was over before it came into the list changed no row: who sent it from here is told.
    const told = useRef(new Set<string>());
    useEffect(() => {
        for (const row of rows.filter((one) => (one.state === 'ready' || one.state === 'failed') && isSentFromHere(one.media_id) && !told.current.has(one.media_id))) {
            told.current.add(row.media_id);
            announce(`${nameOf(row)}: ${nameOfState(row.state)}`);
        }
    }, [list.data]);
    const soon = useSoon(() => void refreshSome(), 250);
    const reload = useSoon(() => {
        setFresh(0);
        void list.refresh();
    }, 400);
    // Rows do not jump under the pointer.
    const reloadUnlessPointed = () => {
        if (isPointedAt(table)) {
            setFresh((count) => count + 1);
        } else {
            reload();
        }
    };
    useLive((event) => {
        if (event.kind === 'missed') {
            reloadUnlessPointed();
        } else if (event.kind === 'upload' && event.media_id) {
            const row = rows.find((one) => one.media_id === event.media_id);
            const isNew = beginnings.includes(event.call) && event.status < 400;
            const mayComeIn = state !== '' && /^(job\.|FINALIZE|PATCH)/.test(event.call);
            if (row) {
                dirty.current.set(row.media_id, row.owner);
                soon();
            } else if ((isNew || mayComeIn) && !after) {
                reloadUnlessPointed();
            }
        }
    });
    useEvery(1500, rows.some((one) => isMoving(one.state)), () => {
        rows.filter((one) => isMoving(one.state)).forEach((one) => dirty.current.set(one.media_id, one.owner));
        soon();
    });

    // What is typed goes into the address after a pause; an address that changed otherwise (Back) is shown.
    const asked = useRef(text);
    const pause = useRef(0);
    const type = (value: string) => {
        setTyped(value);
        clearTimeout(pause.current);
        pause.current = window.setTimeout(() => {
            asked.current = value;
            setQuery({ q: value || null, after: null });
        }, 250);
    };
    useEffect(() => () => clearTimeout(pause.current), []);
    useEffect(() => {
        if (text !== asked.current) {
            clearTimeout(pause.current);
            asked.current = text;
            setTyped(text);
        }
    }, [text]);
    const isFiltered = state !== '' || text !== '' || after !== '';
    return (
        <>
            <h1>Uploads</h1>
            <DropArea />
            <div class="filters">
                <div class="tabs" role="group" aria-label="State">
                    {filters.map(([value, name]) => (
                        <button key={value} type="button" aria-pressed={state === value} onClick={() => setQuery({ state: value || null, after: null })}>
                            {name}
                        </button>
                    ))}
                </div>
                <label class="search">
                    <Icon name="search" />
                    <input type="search" placeholder="Name or id" aria-label="Search uploads" value={typed} onInput={(event) => type(event.currentTarget.value)} data-search />
                </label>
            </div>
            {list.error && <Banner problem={list.error} retry={() => void list.refresh()} />}
            <Fresh count={fresh} what="change" show={reload} />
            {list.isLoading && !list.data ? (
                <Skeleton />
            ) : rows.length > 0 ? (
                <table class="list uploads" onPointerLeave={() => fresh > 0 && reload()}>
                    <caption class="hidden">Uploads, the newest first</caption>
                    <thead>
                        <tr>
                            <th scope="col">File</th>
                            <th scope="col">State</th>
                            <th scope="col" title="Received, processed">Progress</th>
                            <th scope="col">Category, way</th>
                            <th scope="col" class="number">Size</th>
                            <th scope="col" class="number">Age</th>
                            <th scope="col">Verdict</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((upload) => (
                            <Row key={upload.media_id} upload={upload} diagnosis={diagnoses.get(upload.media_id)} now={now} />
                        ))}
                    </tbody>
                </table>
            ) : list.data && isFiltered ? (
                <Empty title={list.data.has_more ? 'Nothing matches among the newest 10,000' : 'Nothing matches'}>
                    {list.data.has_more && <p>Older ones are looked at on the next page.</p>}
                    <button type="button" onClick={() => setQuery({ q: null, state: null, after: null })}>
                        Show all uploads
                    </button>
                </Empty>
            ) : (
                list.data && <FirstSteps />
            )}
            {(list.data?.has_more || after) && (
                <nav class="pager" aria-label="Pages">
                    {after && (
                        <a class="button" href={`/?${new URLSearchParams({ ...(state && { state }), ...(text && { q: text }) })}`}>
                            Newest
                        </a>
                    )}
                    {list.data?.has_more && (
                        <a class="button" href={`/?${new URLSearchParams({ ...(state && { state }), ...(text && { q: text }), after: list.data.next! })}`}>
                            Older
                        </a>
                    )}
                </nav>
            )}
        </>
    );
}

export type { State };
