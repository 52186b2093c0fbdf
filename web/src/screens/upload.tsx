import { useEffect, useRef, useState } from 'preact/hooks';
import { call, get, isOpen, raw, seesAll } from '../api';
import { bytes, duration, percent, plainName, plural, when } from '../format';
import { useEvery, useQuery, useSoon, useTitle } from '../hooks';
import { announce, useLive } from '../live';
import { isMoving, isOver, type Diagnosis, type Page, type TimelineEvent, type Upload } from '../model';
import { Icon, nameOfState, StateBadge } from '../parts/icons';
import { local, Result } from '../parts/player';
import { SegmentMap } from '../parts/segments';
import { Timeline } from '../parts/timeline';
import { Ask, Banner, Bar, Card, Command, Copy, Facts, saveFile, Skeleton } from '../parts/ui';
import { VerdictPanel } from '../parts/verdict';
import { go } from '../router';
import { isNamed, nameOf, nameOfProtocol } from './uploads';

interface Whole {
    upload: Upload;
    diagnosis: Diagnosis | undefined;
    timeline: TimelineEvent[];
}

// Whose it is is not in the address: in open mode it is looked up among everybody's.
async function ownerOf(id: string, known: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    if (known || !seesAll()) {
        return known;
    }
    const found = await get<Page<Upload>>(`/api/v1/uploads?owner=all&limit=50&q=${encodeURIComponent(id)}`, { signal }).catch(() => undefined);
    return found?.data.find((one) => one.media_id === id)?.owner;
}

async function load(id: string, known: string | undefined, signal: AbortSignal): Promise<Whole> {
    const owner = await ownerOf(id, known, signal);
    const path = `/api/v1/uploads/${encodeURIComponent(id)}`;
    const upload = await get<Upload>(path, { owner, signal });
    const [diagnosis, timeline] = await Promise.all([
        get<Diagnosis>(`${path}/diagnosis`, { owner, signal }).catch(() => undefined),
        get<Page<TimelineEvent>>(`${path}/timeline`, { owner, signal }).then((page) => page.data, () => []),
    ]);
    return { upload, diagnosis, timeline };
}

function Outputs({ upload }: { upload: Upload }) {
    if (upload.outputs.length === 0) {
        return <p class="soft">{isMoving(upload.state) ? 'They appear here as they are made.' : 'There are none.'}</p>;
    }
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Files">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">File</th>
                        <th scope="col">For</th>
                        <th scope="col" class="number">Size</th>
                    </tr>
                </thead>
                <tbody>
                    {upload.outputs.map((one) => (
                        <tr key={one.name}>
                            <td>
                                <a href={local(one.url)} target="_blank" rel="noopener">
                                    {one.name}
                                </a>
                            </td>
                            <td>
                                {one.role}
                                {one.copied && <span class="soft"> (copied)</span>}
                                {one.width ? <small class="soft beside">{`${one.width} × ${one.height}`}</small> : null}
                            </td>
                            <td class="number">{bytes(one.size_bytes)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

// What the probe told, in lines as people read them.
function probed(probe: Upload['content']['probe'], outputLength: number | null): [string, string | null][] {
    const number = (name: string) => (typeof probe[name] === 'number' ? (probe[name] as number) : null);
    const joined = (...words: (string | number | null | false | undefined)[]) => words.filter((word) => word !== null && word !== false && word !== undefined).join(', ') || null;
    const length = number('duration_ms') ?? outputLength;
    const rate = number('video_bits_per_second');
    const turned = number('rotation_degrees');
    return [
        ['Length', length === null ? null : duration(length)],
        [
            'Video',
            joined(
                probe.video_codec,
                probe.video_profile,
                probe.pixel_format,
                probe.dynamic_range === 'high' && 'high dynamic range',
                probe.scan === 'interlaced' && 'interlaced',
                rate !== null && `${(rate / 1e6).toFixed(2)} Mbit/s`,
            ),
        ],
        ['Frames', joined(number('frames'), number('frame_rate') !== null && `${probe.frame_rate} per second`, number('keyframe_gap_ms') !== null && probe.frames !== 1 && `a keyframe at least every ${duration(number('keyframe_gap_ms')!)}`)],
        ['Sound', joined(probe.audio_codec, number('audio_channels') !== null && plural(number('audio_channels')!, 'channel'), number('audio_hertz') !== null && `${probe.audio_hertz} Hz`)],
        ['Stored as', joined(probe.coded_size && String(probe.coded_size).replace('x', ' × '), turned !== null && `shown turned by ${turned}°`, number('exif_orientation') !== null && `EXIF orientation ${probe.exif_orientation}`)],
        ['Pictures in it', number('pages') === null ? null : String(probe.pages)],
        ['Transparency', probe.transparency ? String(probe.transparency) : null],
        ['Loads', probe.loading ? String(probe.loading) : null],
    ];
}

function FactsOf({ upload }: { upload: Upload }) {
    const { content } = upload;
    const film = upload.outputs.find((one) => one.duration_ms);
    return (
        <Facts
            rows={[
                ['Declared type', upload.media_type],
                ['Found in the bytes', content.media_type],
                ['Picture', content.width ? `${content.width} × ${content.height}` : null],
                ...probed(content.probe, film?.duration_ms ?? null),
                ['Converted, as X takes no', content.conversions],
                ['Category', upload.category],
                ['Size', upload.size_bytes === null ? 'not told yet' : `${bytes(upload.size_bytes)} (${upload.size_bytes.toLocaleString()} bytes)`],
                ['Came by', nameOfProtocol(upload)],
                ['Begun', when(upload.created_at)],
                ['Playable since', upload.processing.playable_at && when(upload.processing.playable_at)],
                ['Expires', upload.expires_at ? when(upload.expires_at) : 'never: it was kept'],
                ['Tries', upload.processing.attempts > 1 ? String(upload.processing.attempts) : null],
                ['Owner', <code key="owner">{upload.owner}</code>],
                ['Media key', <code key="key">{upload.media_key}</code>],
                ['Used by', upload.used_by?.length ? upload.used_by.join(', ') : null],
            ]}
        />
    );
}

const takesSegments = (upload: Upload) => upload.protocol === null || /^x/.test(upload.protocol);
const appendCurl = (upload: Upload) =>
    `curl ${location.origin}/1.1/media/upload.json${isOpen() ? '' : ' -H "Authorization: Bearer $SLUICE_TOKEN"'} -F command=APPEND -F media_id=${upload.media_id} -F segment_index=0 -F media=@FILE`;

function Gone({ id }: { id: string }) {
    return (
        <div class="gone">
            <h1>No such upload</h1>
            <p>
                <code>{id}</code> expired, was deleted, {seesAll() ? 'or never was here' : 'belongs to somebody else, or never was here'}. Media that nobody claims goes after a day, as on X; <code>keep</code> claims it.
            </p>
            <p>
                <a href="/">All uploads</a> · <a href="/docs/errors/media_unknown">What media_unknown means</a>
            </p>
        </div>
    );
}

export function UploadScreen({ id }: { id: string }) {
    const [known, setKnown] = useState<string>();
    const [isAsking, setAsking] = useState(false);
    const [failure, setFailure] = useState<Error>();
    const query = useQuery(id, async (signal) => {
        const whole = await load(id, known, signal);
        setKnown(whole.upload.owner);
        return whole;
    });
    const soon = useSoon(() => void query.refresh(), 300);
    const upload = query.data?.upload;
    useTitle(upload ? nameOf(upload) : 'Upload');
    useLive((event) => {
        if (event.kind === 'missed' || event.media_id === id) {
            soon();
        }
    });
    useEvery(1200, upload !== undefined && isMoving(upload.state), soon);
    const before = useRef('');
    useEffect(() => {
        if (upload && before.current && before.current !== upload.state) {
            announce(nameOfState(upload.state));
        }
        before.current = upload?.state ?? '';
    }, [upload?.state]);

    if (query.error && (query.error.status === 404 || query.error.status === 410 || query.error.status === 400)) {
        return <Gone id={id} />;
    }
    if (!upload) {
        return (
            <>
                <h1>Upload {plainName(id)}</h1>
                {query.error ? <Banner problem={query.error} retry={() => void query.refresh()} /> : <Skeleton rows={6} />}
            </>
        );
    }
    const owner = upload.owner;
    const change = async (method: string, below: string) => {
        try {
            setFailure(undefined);
            await call(method, `/api/v1/uploads/${id}${below}`, { owner });
            if (method === 'DELETE') {
                announce('Deleted');
                go('/');
            } else {
                await query.refresh();
            }
        } catch (error) {
            setFailure(error as Error);
        }
    };
    const download = async () => {
        const answer = await raw('GET', local(upload.original_url!), { owner });
        if (!answer.ok) {
            throw new Error(`The original is not to be had: the server answered ${answer.status}.`);
        }
        saveFile(upload.file_name || upload.media_id, await answer.blob());
    };
    const { diagnosis, timeline } = query.data!;
    const hasResult = upload.outputs.some((one) => one.role === 'rendition' || one.role === 'picture');
    return (
        <>
            <p class="crumbs">
                <a href="/">Uploads</a>
            </p>
            <div class="head">
                <h1>
                    <bdi>{nameOf(upload)}</bdi>
                </h1>
                <StateBadge state={upload.state} />
                <div class="actions">
                    {upload.expires_at && !isOver(upload.state) && (
                        <button type="button" onClick={() => void change('POST', '/keep')}>
                            <Icon name="pin" /> Keep
                        </button>
                    )}
                    {upload.original_url && (
                        <button type="button" onClick={() => void download().catch(setFailure)}>
                            <Icon name="open" /> Original
                        </button>
                    )}
                    {!isOver(upload.state) && (
                        <button type="button" class="danger" onClick={() => setAsking(true)}>
                            <Icon name="trash" /> Delete
                        </button>
                    )}
                </div>
            </div>
            <p class="soft id">
                {isNamed(upload) && <code>{upload.media_id}</code>} <Copy text={upload.media_id} label="Copy id" />
            </p>
            {isAsking && <Ask title="Delete this upload?" text="Its bytes and everything made of it go. This cannot be undone." yes="Delete" onNo={() => setAsking(false)} onYes={() => (setAsking(false), void change('DELETE', ''))} />}
            {query.error && <Banner problem={query.error} retry={() => void query.refresh()} />}
            {failure && <p class="banner bad" role="alert">{failure.message}</p>}
            <VerdictPanel upload={upload} diagnosis={diagnosis} />
            {isMoving(upload.state) && (
                <Card title={`${nameOfState(upload.state)}: ${upload.processing.step || 'waiting for a worker'}`}>
                    <Bar value={upload.processing.progress_percent} label="Processed" />
                    <p class="soft under">
                        {upload.processing.progress_percent} %{upload.processing.check_after_secs !== null && `, a client is advised to ask again after ${plural(upload.processing.check_after_secs, 'second')}`}
                    </p>
                </Card>
            )}
            <div class="columns">
                <div>
                    {hasResult && (
                        <Card title="Result">
                            <Result upload={upload} />
                        </Card>
                    )}
                    <Card title="Segments" actions={<span class="soft">{percent(upload.received_bytes, upload.size_bytes)} % received</span>}>
                        {upload.segments.received === 0 && upload.state === 'open' && timeline.every((event) => event.call !== 'APPEND') ? (
                            <>
                                <p class="soft">No bytes yet{takesSegments(upload) ? ': send APPEND.' : '.'}</p>
                                {takesSegments(upload) && <Command text={appendCurl(upload)} />}
                            </>
                        ) : (
                            <SegmentMap upload={upload} events={timeline} />
                        )}
                    </Card>
                    <Card title="Timeline">
                        <Timeline events={timeline} />
                    </Card>
                </div>
                <div>
                    <Card title="Facts">
                        <FactsOf upload={upload} />
                    </Card>
                    <Card title="Files">
                        <Outputs upload={upload} />
                    </Card>
                    <Card title="Everything else" actions={<Copy text={JSON.stringify(upload, null, 2)} label="Copy JSON" />}>
                        <details>
                            <summary>The upload as JSON</summary>
                            <pre class="json" tabIndex={0}>
                                {JSON.stringify(upload, null, 2)}
                            </pre>
                        </details>
                        <a class="button" href={`/requests?media_id=${upload.media_id}`}>
                            Its requests
                        </a>
                    </Card>
                </div>
            </div>
        </>
    );
}
