import { useState } from 'preact/hooks';
import { get, text } from '../api';
import { bytes, clock, duration, plainName } from '../format';
import { isPointedAt, useAction, useQuery, useSoon, useTitle } from '../hooks';
import { useLive } from '../live';
import type { Page, ShortExchange } from '../model';
import { Icon, StatusBadge } from '../parts/icons';
import { Banner, Command, Empty, Fresh, saveFile, Skeleton } from '../parts/ui';
import { setQuery, usePlace } from '../router';

function Row({ one }: { one: ShortExchange }) {
    return (
        <tr>
            <td class="c-time soft">
                <time dateTime={one.at}>{clock(one.at)}</time>
            </td>
            <td class="c-call">
                <a href={`/requests/${one.id}`} class="name mono">
                    <b>{one.method}</b> <bdi>{plainName(one.path)}</bdi>
                </a>
                {one.call && (
                    <small class="soft">
                        {one.call}
                        {one.segment_index !== null && ` ${one.segment_index}`}
                    </small>
                )}
            </td>
            <td class="c-status">
                <StatusBadge status={one.status} />
            </td>
            <td class="c-code">
                {one.code && (
                    <a href={`/docs/errors/${one.code}`}>
                        <code>{one.code}</code>
                    </a>
                )}
            </td>
            <td class="c-upload mono">{one.media_id && <a href={`/u/${one.media_id}`}>{one.media_id}</a>}</td>
            <td class="c-size number soft">{bytes(one.received_bytes)}</td>
            <td class="c-took number soft">{duration(one.took_ms)}</td>
        </tr>
    );
}

export function Requests() {
    useTitle('Requests');
    const { query } = usePlace();
    const failing = query.get('failing') === '1';
    const mediaId = query.get('media_id') ?? '';
    const code = query.get('code') ?? '';
    const method = query.get('method') ?? '';
    const after = query.get('after') ?? '';
    const [isPaused, setPaused] = useState(false);
    const [waiting, setWaiting] = useState(0);
    const [failure, act] = useAction();
    const asked = new URLSearchParams({ limit: '50', ...(failing && { failing: '1' }), ...(mediaId && { media_id: mediaId }), ...(code && { code }), ...(method && { method }), ...(after && { after }) });
    const path = `/api/v1/requests?${asked}`;
    const list = useQuery(path, (signal) => get<Page<ShortExchange>>(path, { signal }));
    const reload = useSoon(() => {
        setWaiting(0);
        void list.refresh();
    }, 500);
    useLive((event) => {
        const isShown = (!failing || event.status >= 400) && (!mediaId || event.media_id === mediaId) && (!code || event.code === code) && (!method || event.method === method);
        if (event.kind === 'upload' || (event.kind === 'request' && !isShown)) {
            return;
        }
        if (isPaused || after || isPointedAt('table.requests')) {
            setWaiting((count) => count + 1);
        } else {
            reload();
        }
    });
    if (list.error?.code === 'request_unknown') {
        return (
            <>
                <h1>Requests</h1>
                <Empty title="Nothing is recorded">
                    <p>The inspector is off. Start the server with it to see what clients send:</p>
                    <Command text="sluice serve --inspector full" />
                </Empty>
            </>
        );
    }
    const rows = list.data?.data ?? [];
    const saveHar = async () => saveFile('sluice.har', new Blob([await text(path + '&format=har')], { type: 'application/json' }));
    return (
        <>
            <div class="head">
                <h1>Requests</h1>
                <div class="actions">
                    <button type="button" aria-pressed={isPaused} onClick={() => (setPaused(!isPaused), isPaused && reload())}>
                        <Icon name={isPaused ? 'play' : 'pause'} /> {isPaused ? 'Go on' : 'Pause'}
                    </button>
                    <button type="button" onClick={() => act(saveHar)} disabled={rows.length === 0}>
                        <Icon name="open" /> Save HAR
                    </button>
                </div>
            </div>
            <div class="filters">
                <label class="check">
                    <input type="checkbox" checked={failing} onChange={() => setQuery({ failing: failing ? null : '1', after: null })} /> Only failing
                </label>
                <label>
                    <span class="soft">Method</span>{' '}
                    <select value={method} onChange={(event) => setQuery({ method: event.currentTarget.value || null, after: null })}>
                        <option value="">any</option>
                        {['GET', 'POST', 'PATCH', 'DELETE'].map((one) => (
                            <option key={one}>{one}</option>
                        ))}
                    </select>
                </label>
                <label class="search">
                    <Icon name="search" />
                    <input type="search" placeholder="Media id" aria-label="Requests of a media id" value={mediaId} data-search onChange={(event) => setQuery({ media_id: event.currentTarget.value.trim() || null, after: null })} />
                </label>
                {code && (
                    <button type="button" class="small" onClick={() => setQuery({ code: null })}>
                        {code} <Icon name="bad" size={12} />
                    </button>
                )}
            </div>
            {failure && <Banner problem={failure} />}
            {list.error && <Banner problem={list.error} retry={() => void list.refresh()} />}
            <Fresh count={waiting} what="new request" show={() => (after ? setQuery({ after: null }) : reload())} />
            {list.isLoading && !list.data ? (
                <Skeleton />
            ) : rows.length > 0 ? (
                <table class="list requests" onPointerLeave={() => waiting > 0 && !isPaused && !after && reload()}>
                    <caption class="hidden">Exchanges, the newest first</caption>
                    <thead>
                        <tr>
                            <th scope="col">Time</th>
                            <th scope="col">Call</th>
                            <th scope="col">Status</th>
                            <th scope="col">Cause</th>
                            <th scope="col">Upload</th>
                            <th scope="col" class="number">Received</th>
                            <th scope="col" class="number">Took</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((one) => (
                            <Row key={one.id + one.at} one={one} />
                        ))}
                    </tbody>
                </table>
            ) : (
                list.data && (
                    <Empty title={failing || mediaId || code || method ? 'Nothing matches' : 'No requests yet'}>
                        <p>The last 1000 exchanges are kept in memory, secrets masked. Try one:</p>
                        <Command text={`curl '${location.origin}/1.1/media/upload.json?command=STATUS&media_id=1'`} />
                    </Empty>
                )
            )}
            {(list.data?.has_more || after) && (
                <nav class="pager" aria-label="Pages">
                    {after && (
                        <a class="button" href={`/requests?${new URLSearchParams([...query].filter(([name]) => name !== 'after'))}`}>
                            Newest
                        </a>
                    )}
                    {list.data?.has_more && (
                        <a class="button" href={`/requests?${new URLSearchParams({ ...Object.fromEntries(query), after: list.data.next! })}`}>
                            Older
                        </a>
                    )}
                </nav>
            )}
        </>
    );
}
