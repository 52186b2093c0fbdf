import { get, seesAll } from '../api';
import { age, bytes, duration, plural } from '../format';
import { useEvery, useNow, useQuery, useSoon, useTitle } from '../hooks';
import { useLive } from '../live';
import type { Page, Upload } from '../model';
import { Banner, Bar, Card, Empty, Skeleton } from '../parts/ui';
import { nameOf } from './uploads';

interface Jobs {
    running: Page<Upload>;
    queued: Page<Upload>;
    failed: Page<Upload>;
    ready: Page<Upload>;
}

// The newest are shown; of more than these it is only known that there are more.
const count = (page: Page<Upload>) => `${page.data.length}${page.has_more ? ' or more' : ''}`;

async function load(signal: AbortSignal): Promise<Jobs> {
    const of = (state: string, limit: number) => get<Page<Upload>>(`/api/v1/uploads?state=${state}&limit=${limit}${seesAll() ? '&owner=all' : ''}`, { signal });
    const [running, queued, failed, ready] = await Promise.all([of('processing', 50), of('sealed,queued', 100), of('failed', 100), of('ready', 20)]);
    return { running, queued: { ...queued, data: queued.data.reverse() }, failed, ready };
}

function Running({ uploads }: { uploads: Upload[] }) {
    return (
        <ul class="jobs">
            {uploads.map((one) => (
                <li key={one.media_id}>
                    <div>
                        <a href={`/u/${one.media_id}`} class="name">
                            <bdi>{nameOf(one)}</bdi>
                        </a>
                        <span class="soft">
                            {one.processing.step || 'begins'} · {one.processing.progress_percent} %
                            {one.processing.check_after_secs !== null && ` · clients are told to ask again in ${duration(one.processing.check_after_secs * 1000)}`}
                            {one.processing.attempts > 1 && ` · try ${one.processing.attempts}`}
                        </span>
                    </div>
                    <Bar value={one.processing.progress_percent} label={`${nameOf(one)} processed`} />
                </li>
            ))}
        </ul>
    );
}

function Failures({ uploads, now }: { uploads: Upload[]; now: number }) {
    const groups = new Map<string, Upload[]>();
    for (const one of uploads) {
        const reason = one.processing.error ? `${one.processing.error.reason || one.processing.error.name}` : 'unknown';
        groups.set(reason, [...(groups.get(reason) ?? []), one]);
    }
    return (
        <ul class="plain failures">
            {[...groups].sort((a, b) => b[1].length - a[1].length).map(([reason, all]) => (
                <li key={reason}>
                    <details>
                        <summary>
                            <strong>{reason}</strong> <span class="soft">{plural(all.length, 'upload')}</span>
                        </summary>
                        <p>{all[0]!.processing.error?.message}</p>
                        <ul class="plain">
                            {all.map((one) => (
                                <li key={one.media_id}>
                                    <a href={`/u/${one.media_id}`}>
                                        <bdi>{nameOf(one)}</bdi>
                                    </a>{' '}
                                    <span class="soft">
                                        {bytes(one.size_bytes)}, {age(one.created_at, now)} ago
                                    </span>
                                </li>
                            ))}
                        </ul>
                    </details>
                </li>
            ))}
        </ul>
    );
}

export function Jobs() {
    useTitle('Processing');
    const query = useQuery('jobs', load);
    const soon = useSoon(() => void query.refresh(), 400);
    const now = useNow(5000);
    useLive((event) => (event.kind === 'missed' || event.call.startsWith('job') || event.call === 'FINALIZE') && soon());
    useEvery(1200, (query.data?.running.data.length ?? 0) > 0, soon);
    const jobs = query.data;
    return (
        <>
            <h1>Processing</h1>
            {query.error && <Banner problem={query.error} retry={() => void query.refresh()} />}
            {!jobs ? (
                !query.error && <Skeleton />
            ) : (
                <>
                    <Card title="Running" actions={<span class="soft">{count(jobs.running)}</span>}>
                        {jobs.running.data.length ? (
                            <Running uploads={jobs.running.data} />
                        ) : (
                            <Empty title="Idle">
                                <p>{jobs.ready.data.length ? `The last file that was made is ${age(jobs.ready.data[0]!.created_at, now)} old.` : 'Nothing was processed yet.'}</p>
                            </Empty>
                        )}
                    </Card>
                    <Card title="Queue" actions={<span class="soft">{count(jobs.queued)}</span>}>
                        {jobs.queued.data.length ? (
                            <ol class="plain numbered">
                                {jobs.queued.data.map((one) => (
                                    <li key={one.media_id}>
                                        <a href={`/u/${one.media_id}`}>
                                            <bdi>{nameOf(one)}</bdi>
                                        </a>{' '}
                                        <span class="soft">
                                            {one.category}, {bytes(one.size_bytes)}
                                        </span>
                                    </li>
                                ))}
                            </ol>
                        ) : (
                            <p class="soft">Nobody waits.</p>
                        )}
                    </Card>
                    <Card title="Failures by reason" actions={<span class="soft">{count(jobs.failed)}</span>}>
                        {jobs.failed.data.length ? <Failures uploads={jobs.failed.data} now={now} /> : <p class="soft">None.</p>}
                    </Card>
                </>
            )}
        </>
    );
}
