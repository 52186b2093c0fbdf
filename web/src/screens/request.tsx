import { useState } from 'preact/hooks';
import { currentSession, get, isOpen, seesAll, text } from '../api';
import { bytes, duration, plainName, plainText, when } from '../format';
import { useAction, useQuery, useTitle } from '../hooks';
import { announce } from '../live';
import type { Exchange, Field, Page, Part, ShortExchange } from '../model';
import { Icon, StatusBadge } from '../parts/icons';
import { bytesOfBody, pathOf, replay, sendableOf, targetOf } from '../parts/replay';
import { Banner, Card, Copy, Facts, saveFile, Skeleton } from '../parts/ui';

function Headers({ title, line, fields }: { title: string; line: string; fields: Field[] }) {
    return (
        <details open>
            <summary>{title}</summary>
            <pre class="wire" tabIndex={0}>
                <b>{plainName(line)}</b>
                {fields.map((field) => (
                    <span key={field.name + field.value}>
                        {'\n'}
                        <i>{field.name}:</i> <bdi>{plainName(field.value)}</bdi>
                    </span>
                ))}
            </pre>
        </details>
    );
}

const spaced = (hex: string) => hex.replace(/(..)/g, '$1 ').trim();

const startOf = (part: Part) => part.text ?? spaced(part.start_hex ?? '');

const NotKept = () => (
    <>
        Not kept: a server that is started with <code>--inspector full</code> keeps it.
    </>
);

function BodyThatIsNotHere({ exchange }: { exchange: Exchange }) {
    const size = bytesOfBody(exchange);
    if (exchange.request.parts.length > 0 || size === 0) {
        return null;
    }
    return <p class="soft">{exchange.request.body_bytes > 0 ? <>{bytes(size)} of body. <NotKept /></> : `${bytes(size)} of body were announced and not read: the answer was clear without them.`}</p>;
}

function AnswerBody({ response }: { response: Exchange['response'] }) {
    if (response.body) {
        return (
            <>
                <pre class="json below" tabIndex={0}>
                    {plainText(pretty(response.body))}
                </pre>
                {response.is_cut && <small class="soft">The first 8 kB of {bytes(response.body_bytes)}.</small>}
            </>
        );
    }
    return <p class="soft">{response.body_bytes === 0 ? 'No body.' : response.body === null ? `${bytes(response.body_bytes)} that are no text.` : <>{bytes(response.body_bytes)}. <NotKept /></>}</p>;
}

function Parts({ parts }: { parts: Part[] }) {
    return (
        <ul class="parts">
            {parts.map((part, at) => (
                <li key={at}>
                    <div>
                        <strong>
                            <bdi>{plainName(part.name) || '(no name)'}</bdi>
                        </strong> <span class="soft">{part.place}</span>
                        <span class="soft">
                            {bytes(part.size_bytes)}
                            {part.content_type && `, ${part.content_type}`}
                            {part.file_name && (
                                <>
                                    , "<bdi>{plainName(part.file_name)}</bdi>"
                                </>
                            )}
                            {part.crc32c && `, CRC-32C ${part.crc32c}`}
                        </span>
                    </div>
                    {startOf(part) && <pre tabIndex={0}>{plainText(startOf(part))}</pre>}
                    {part.is_cut && <small class="soft">{startOf(part) ? `The first bytes of ${part.size_bytes.toLocaleString()}.` : <NotKept />}</small>}
                </li>
            ))}
        </ul>
    );
}

function pretty(body: string): string {
    try {
        return JSON.stringify(JSON.parse(body), null, 2);
    } catch {
        return body;
    }
}

// The parameters and headers that two calls have differently.
function differences(left: Exchange, right: Exchange): [string, string, string][] {
    const noise = /^(date|content-length|x-request-id|authorization|host|server-timing)$/i;
    const table = (one: Exchange) =>
        new Map<string, string>([
            ['method', one.method],
            ['path', pathOf(one.request.url)],
            ...one.request.query.map((field) => [field.name, field.value] as [string, string]),
            ...one.request.parts.map((part) => [part.name, part.text ?? `${part.size_bytes} bytes, CRC-32C ${part.crc32c}`] as [string, string]),
            ...one.request.headers.filter((field) => !noise.test(field.name)).map((field) => [`${field.name.toLowerCase()} (header)`, field.value.replace(/boundary=\S+/, 'boundary=…')] as [string, string]),
        ]);
    const [a, b] = [table(left), table(right)];
    return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).map((name) => [name, a.get(name) ?? '(not sent)', b.get(name) ?? '(not sent)']);
}

function Compare({ exchange }: { exchange: Exchange }) {
    const [good, setGood] = useState<Exchange | null>();
    const [failure, act] = useAction();
    const look = async () => {
        const alike = new URLSearchParams({ failing: '0', limit: exchange.call ? '1' : '200', method: exchange.method, ...(exchange.call && { call: exchange.call }) });
        const page = await get<Page<ShortExchange>>(`/api/v1/requests?${alike}`);
        const route = (path: string) => path.split('?')[0]!.replace(/\d{15,}/g, '…');
        const found = page.data.find((one) => exchange.call || route(one.path) === route(exchange.path));
        setGood(found ? await get<Exchange>(`/api/v1/requests/${found.id}`) : null);
    };
    if (good === undefined) {
        return (
            <>
                {failure && <Banner problem={failure} />}
                <button type="button" onClick={() => act(look)}>
                    Compare with the last good {exchange.call ?? exchange.method}
                </button>
            </>
        );
    }
    if (good === null) {
        return <p class="soft">No {exchange.call ?? exchange.method} that succeeded is among the last exchanges.</p>;
    }
    const rows = differences(exchange, good);
    return rows.length === 0 ? (
        <p>
            It says the same as <a href={`/requests/${good.id}`}>the last good one</a>: the difference is in what was there, not in the call.
        </p>
    ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Differences">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">What</th>
                        <th scope="col">This call</th>
                        <th scope="col">
                            <a href={`/requests/${good.id}`}>The last good one</a>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map(([name, mine, theirs]) => (
                        <tr key={name}>
                            <th scope="row">{name}</th>
                            <td class="mono minus">{mine}</td>
                            <td class="mono plus">{theirs}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function Replay({ exchange }: { exchange: Exchange }) {
    const { fields: kept, whyNot } = sendableOf(exchange);
    const [fields, setFields] = useState(kept);
    const [sent, setSent] = useState<{ id: string; status: number }>();
    const [error, setError] = useState('');
    if (whyNot) {
        return <p class="soft">{whyNot}</p>;
    }
    const edit = (at: number, value: string) => setFields(fields.map((one, index) => (index === at ? { ...one, value } : one)));
    const isAnothers = !isOpen() && exchange.caller.principal !== currentSession().principal;
    const send = async () => {
        setError('');
        try {
            const done = await replay(exchange, fields);
            setSent(done);
            announce(`Answered with ${done.status}`);
        } catch (failure) {
            setError((failure as Error).message);
        }
    };
    return (
        <form
            class="replay"
            onSubmit={(event) => {
                event.preventDefault();
                void send();
            }}
        >
            {fields.map((field, at) => (
                <label key={at}>
                    <span>
                        {field.name} <span class="soft">{field.place}</span>
                    </span>
                    {field.value.length > 60 || field.place === 'json' ? (
                        <textarea rows={3} value={field.value} onInput={(event) => edit(at, event.currentTarget.value)} />
                    ) : (
                        <input value={field.value} onInput={(event) => edit(at, event.currentTarget.value)} />
                    )}
                </label>
            ))}
            {!isOpen() && <p class="soft">It is sent with your session, without the credentials of then{isAnothers && `: as you, and not as ${exchange.caller.name || exchange.caller.principal}`}.</p>}
            <div class="actions">
                <button type="submit" class="primary">
                    <Icon name="play" size={14} /> Send again
                </button>
                {sent && (
                    <span role="status">
                        <StatusBadge status={sent.status} /> <a href={`/requests/${sent.id}`}>See the new exchange</a>
                    </span>
                )}
                {error && <span class="wrong">{error}</span>}
            </div>
        </form>
    );
}

export function RequestScreen({ id }: { id: string }) {
    const path = `/api/v1/requests/${encodeURIComponent(id)}`;
    const query = useQuery(path, (signal) => get<Exchange>(path, { signal }));
    const [curl, setCurl] = useState('');
    const [failure, act] = useAction();
    const one = query.data;
    useTitle(one ? `${one.method} ${one.status}` : 'Request');
    if (query.error?.status === 404) {
        return (
            <div class="gone">
                <h1>No such exchange</h1>
                <p>
                    The last 1000 exchanges (64 MB at most) are kept in memory, and <code>{id}</code> is not among them: it was dropped for newer ones, {!seesAll() && 'belongs to somebody else, '}or the server was started anew.
                </p>
                <p>
                    <a href="/requests">All requests</a>
                </p>
            </div>
        );
    }
    if (!one) {
        return (
            <>
                <h1>Request {plainName(id)}</h1>
                {query.error ? <Banner problem={query.error} retry={() => void query.refresh()} /> : <Skeleton rows={6} />}
            </>
        );
    }
    const timing = one.response.headers.find((field) => field.name.toLowerCase() === 'server-timing')?.value;
    const saveHar = async () => saveFile(`${id}.har`, new Blob([await text(`${path}?format=har`)], { type: 'application/json' }));
    const asCurl = async () => setCurl(await text(`${path}?format=curl`));
    return (
        <>
            <p class="crumbs">
                <a href="/requests">Requests</a>
            </p>
            <div class="head">
                <h1 class="mono call">
                    <b>{one.method}</b> {pathOf(one.request.url)}
                </h1>
                <StatusBadge status={one.status} />
                <div class="actions">
                    <button type="button" onClick={() => act(asCurl)}>
                        As curl
                    </button>
                    <button type="button" onClick={() => act(saveHar)}>
                        <Icon name="open" /> Save HAR
                    </button>
                </div>
            </div>
            {failure && <Banner problem={failure} />}
            {curl && (
                <div class="command">
                    <pre tabIndex={0}>{curl.trim()}</pre>
                    <Copy text={curl.trim()} />
                </div>
            )}
            {one.code && (
                <p class="banner warn">
                    <Icon name="warn" />
                    <span>
                        Refused as <a href={`/docs/errors/${one.code}`}>{one.code}</a>
                    </span>
                </p>
            )}
            <Card title="Facts">
                <Facts
                    rows={[
                        ['When', when(one.at)],
                        ['Took', duration(one.took_ms)],
                        ['Phases', timing ? timing.replace(/;dur=([\d.]+)/g, ' $1 ms') : null],
                        ['Call', [one.call, one.segment_index].filter((part) => part !== null).join(' ')],
                        ['Upload', one.media_id ? <a key="upload" href={`/u/${one.media_id}`}>{one.media_id}</a> : null],
                        ['Caller', `${one.caller.name || one.caller.principal || 'unknown'}, from ${one.caller.address}`],
                        ['Spoken', one.request.http_version],
                        ['Request id', <code key="id">{one.id}</code>],
                    ]}
                />
            </Card>
            {one.oauth && (
                <Card title="OAuth 1.0a signature base string">
                    <h3>This should have been signed</h3>
                    <pre tabIndex={0} class="wrap">{one.oauth.base_string_expected}</pre>
                    {one.oauth.base_string_sent && (
                        <>
                            <h3>This seems to have been signed</h3>
                            <pre tabIndex={0} class="wrap">{one.oauth.base_string_sent}</pre>
                        </>
                    )}
                </Card>
            )}
            <div class="columns even">
                <Card title="Request">
                    <Headers title={`${one.request.headers.length} headers, as received`} line={`${one.method} ${targetOf(one.request.url)} ${one.request.http_version}`} fields={one.request.headers} />
                    {one.request.parts.length > 0 && <h3>What came in it</h3>}
                    <Parts parts={one.request.parts} />
                    <BodyThatIsNotHere exchange={one} />
                </Card>
                <Card title="Answer">
                    <Headers title={`${one.response.headers.length} headers`} line={`${one.request.http_version} ${one.response.status}`} fields={one.response.headers} />
                    <AnswerBody response={one.response} />
                </Card>
            </div>
            {one.status >= 400 && (
                <Card title="Compare">
                    <Compare exchange={one} />
                </Card>
            )}
            <Card title="Replay">
                <Replay key={one.id} exchange={one} />
            </Card>
        </>
    );
}
