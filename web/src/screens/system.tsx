import { useEffect, useRef, useState } from 'preact/hooks';
import { get, raw, text } from '../api';
import { age, bytes, when } from '../format';
import { useEvery, useNow, useQuery, useTitle } from '../hooks';
import { Spark } from '../parts/spark';
import { Banner, Card, Facts, Skeleton } from '../parts/ui';

interface System {
    version: string;
    started_at: string;
    auth: string;
    durability: string;
    fidelity: string;
    sandbox: string;
    storage: string;
    console: string;
    tools: { ffmpeg: boolean; worker: boolean; decoders: string | null };
    settings: { key: string; flag: string; value: string; origin: string; help: string }[];
}

interface Sample {
    at: number; // ms
    values: Record<string, number>;
}

// Sums of each metric over its labels.
function read(page: string): Sample {
    const values: Sample['values'] = {};
    for (const line of page.split('\n')) {
        const found = /^([a-z_]+)(\{[^}]*\})? ([0-9.e+-]+)$/.exec(line);
        if (found) {
            values[found[1]!] = (values[found[1]!] ?? 0) + Number(found[3]);
        }
    }
    return { at: performance.now(), values };
}

const pauseSeconds = 2;
const keptSamples = 90;
const gauges: [string, string, boolean, (value: number) => string][] = [
    ['Requests a second', 'sluice_http_requests_total', true, (value) => value.toFixed(1)],
    ['Received a second', 'sluice_http_received_bytes_total', true, bytes],
    ['Open uploads', 'sluice_uploads_open', false, String],
    ['Jobs waiting', 'sluice_jobs_queued', false, String],
    ['Errors a second', 'sluice_errors_total', true, (value) => value.toFixed(1)],
    ['Memory', 'process_resident_memory_bytes', false, bytes],
    ['Free on disk', 'sluice_storage_free_bytes', false, bytes],
    ['Processor', 'process_cpu_seconds_total', true, (value) => `${Math.round(value * 100)} %`],
];

function Sparks() {
    const samples = useRef<Sample[]>([]);
    const [, update] = useState(0);
    const [failure, setFailure] = useState('');
    const look = async () => {
        const page = await text('/metrics').catch((error: Error) => (setFailure(error.message), ''));
        if (page) {
            setFailure('');
            samples.current = [...samples.current, read(page)].slice(-keptSamples);
            update((n) => n + 1);
        }
    };
    useEffect(() => void look(), []);
    useEvery(pauseSeconds * 1000, true, () => void look());
    const all = samples.current;
    return failure && all.length === 0 ? (
        <p class="wrong">{failure}</p>
    ) : (
        <div class="sparks">
            {gauges.map(([title, name, isRate, show]) => {
                const values = all.map((sample) => sample.values[name] ?? 0);
                // By the time that has passed: a page in the background looks more rarely.
                const shown = isRate ? values.slice(1).map((value, at) => (Math.max(0, value - values[at]!) * 1000) / (all[at + 1]!.at - all[at]!.at)) : values;
                const last = shown[shown.length - 1];
                return (
                    <div key={name} class="gauge">
                        <span class="soft">{title}</span>
                        <strong>{last === undefined ? '…' : show(last)}</strong>
                        <Spark values={shown} label={`${title}, the last minutes`} />
                    </div>
                );
            })}
        </div>
    );
}

function Settings({ settings }: { settings: System['settings'] }) {
    const [isAll, setAll] = useState(false);
    const given = settings.filter((one) => one.origin !== 'default');
    const shown = isAll ? settings : given;
    return (
        <>
            {shown.length === 0 ? (
                <p class="soft">Everything has its default.</p>
            ) : (
                <div class="scroll" tabIndex={0} role="region" aria-label="Settings">
                    <table class="plain stacked">
                        <thead>
                            <tr>
                                <th scope="col">Setting</th>
                                <th scope="col">Value</th>
                                <th scope="col">From</th>
                            </tr>
                        </thead>
                        <tbody>
                            {shown.map((one) => (
                                <tr key={one.key}>
                                    <th scope="row" class="about">
                                        <code>{one.key}</code>
                                        <small class="soft">{one.help}</small>
                                    </th>
                                    <td class="mono">{one.value}</td>
                                    <td class="soft mono from">{one.origin}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            <button type="button" class="small" aria-pressed={isAll} onClick={() => setAll(!isAll)}>
                {isAll ? 'Only what was set' : `All ${settings.length} settings`}
            </button>
        </>
    );
}

async function load(signal: AbortSignal) {
    const [system, ready] = await Promise.all([get<System>('/api/v1/system', { signal }), raw('GET', '/readyz', { signal }).then(async (answer) => ({ isReady: answer.ok, said: (await answer.text()).trim() }))]);
    return { system, ready };
}

export function SystemScreen() {
    useTitle('System');
    const query = useQuery('system', load);
    useEvery(5000, true, () => void query.refresh());
    const now = useNow(5000);
    const system = query.data?.system;
    const ready = query.data?.ready;
    return (
        <>
            <h1>System</h1>
            {query.error && <Banner problem={query.error} retry={() => void query.refresh()} />}
            {!system || !ready ? (
                !query.error && <Skeleton rows={6} />
            ) : (
                <>
                    <Card title="Health" actions={<span class={`badge ${ready.isReady ? 'good' : 'bad'}`}>{ready.isReady ? 'ready' : 'not ready'}</span>}>
                        {!ready.isReady && <p class="wrong">{ready.said}</p>}
                        <Facts
                            rows={[
                                ['Version', system.version],
                                ['Running for', <time key="started" dateTime={system.started_at} title={when(system.started_at)}>{age(system.started_at, now)}</time>],
                                ['Who is let in', system.auth === 'open' ? 'anybody on this machine' : 'who has a key'],
                                ['Durability', system.durability === 'strict' ? 'strict: a 2xx is on disk' : 'relaxed: a 2xx survives the process, FINALIZE the power'],
                                ['Errors are told', system.fidelity === 'faithful' ? "in X's own words" : 'helpfully'],
                                ['Decoders', system.sandbox === 'on' ? 'in a sandbox' : system.sandbox === 'off' ? 'without a sandbox' : 'none run here'],
                                ['Bodies are written by', system.storage],
                                ['ffmpeg', system.tools.ffmpeg ? 'found' : 'not found: videos will fail'],
                                ['sluice-worker', system.tools.worker ? 'found' : 'not found: nothing is processed'],
                                ['Decoders are', system.tools.decoders],
                            ]}
                        />
                    </Card>
                    <Card title="The last minutes" actions={<a href="/metrics">/metrics</a>}>
                        <Sparks />
                    </Card>
                    <Card title="Settings">
                        <Settings settings={system.settings} />
                    </Card>
                </>
            )}
        </>
    );
}
