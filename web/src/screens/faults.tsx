import { useState } from 'preact/hooks';
import { call, get } from '../api';
import { plural } from '../format';
import { useEvery, useQuery, useTitle } from '../hooks';
import { announce } from '../live';
import { Banner, Card, Empty, Skeleton } from '../parts/ui';

interface Rule {
    kind: string;
    route: string;
    rate: number;
    seed: number;
    when: string;
    delay_ms: number;
    cut_after_bytes: number;
    calls_seen: number;
    calls_struck: number;
}

interface State {
    rules: Rule[];
    kinds: Record<string, { injected: number; recovered: number }>;
    injected: number;
    recovered: number;
}

const presets: { title: string; text: string; rule: Partial<Rule> }[] = [
    { title: 'Overload', text: 'Every third call: 503, as X says it', rule: { kind: 'over_capacity', route: 'any', rate: 0.33 } },
    { title: 'Rate limit', text: 'Every fifth call: 429 with a reset', rule: { kind: 'rate_limited', route: 'any', rate: 0.2 } },
    { title: 'Slow answers', text: 'Each call waits two seconds', rule: { kind: 'slow', route: 'any', rate: 1, delay_ms: 2000 } },
    { title: 'Cut APPENDs', text: 'Every fourth answer breaks off', rule: { kind: 'cut', route: 'append', rate: 0.25, when: 'after' } },
    { title: 'Lost FINALIZE answer', text: 'It was done, and nobody hears of it', rule: { kind: 'cut', route: 'finalize', rate: 1, when: 'after' } },
    { title: 'Processing fails', text: 'What is finished comes out failed', rule: { kind: 'processing_fails', route: 'any', rate: 1 } },
];
const kinds = ['over_capacity', 'rate_limited', 'internal', 'slow', 'cut', 'processing_fails', 'processing_slow'];
const routes = ['any', 'init', 'append', 'finalize', 'status', 'one_shot', 'metadata', 'post', 'message', 'look_up'];

export function Faults() {
    useTitle('Faults');
    const query = useQuery('faults', (signal) => get<State>('/api/v1/faults', { signal }));
    const [failure, setFailure] = useState<Error>();
    useEvery(2000, (query.data?.rules.length ?? 0) > 0, () => void query.refresh());
    const change = async (method: string, rule?: Partial<Rule>) => {
        try {
            setFailure(undefined);
            const state = await call<State>(method, '/api/v1/faults', rule ? { json: rule } : {});
            query.set(() => state);
            announce(method === 'DELETE' ? 'All faults ended' : 'Fault added');
        } catch (error) {
            setFailure(error as Error);
        }
    };
    if (query.error?.code === 'dev_mode_only') {
        return (
            <>
                <h1>Faults</h1>
                <Empty title="Not here">
                    <p>Faults on purpose are for a server of one's own. This one runs with --auth keys, where they would harm others.</p>
                </Empty>
            </>
        );
    }
    const submit = (event: SubmitEvent) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget as HTMLFormElement);
        void change('POST', { kind: String(data.get('kind')), route: String(data.get('route')), when: String(data.get('when')), rate: Number(data.get('rate')) / 100, seed: Number(data.get('seed')), delay_ms: Number(data.get('delay_ms')) });
    };
    const state = query.data;
    return (
        <>
            <h1>Faults</h1>
            <p class="lead">See how a client copes: bad weather on purpose, drawn from a seed, so that it can be had again.</p>
            {query.error && <Banner problem={query.error} retry={() => void query.refresh()} />}
            {failure && <p class="banner bad" role="alert">{failure.message}</p>}
            <Card
                title="In force"
                actions={
                    state && state.rules.length > 0 ? (
                        <button type="button" class="small danger" onClick={() => void change('DELETE')}>
                            End all
                        </button>
                    ) : undefined
                }
            >
                {!state ? (
                    !query.error && <Skeleton rows={2} />
                ) : state.rules.length === 0 ? (
                    <p class="soft">Fair weather.</p>
                ) : (
                    <ul class="plain">
                        {state.rules.map((rule, at) => (
                            <li key={at}>
                                <strong>{rule.kind}</strong> at {Math.round(rule.rate * 100)} % of {rule.route === 'any' ? 'all calls' : rule.route} <span class="soft">{rule.when} the work{/slow$/.test(rule.kind) && `, ${rule.delay_ms} ms`}, seed {rule.seed}</span> · struck {rule.calls_struck} of {plural(rule.calls_seen, 'call')}
                            </li>
                        ))}
                    </ul>
                )}
                {state && state.injected > 0 && (
                    <p>
                        <strong>{plural(state.injected, 'call')}</strong> struck; <strong>{state.recovered === 1 ? 'once' : `${state.recovered} times`}</strong> a client came again, however often, and succeeded.
                    </p>
                )}
            </Card>
            <Card title="Presets">
                <ul class="presets">
                    {presets.map((one) => (
                        <li key={one.title}>
                            <button type="button" onClick={() => void change('POST', one.rule)}>
                                <strong>{one.title}</strong>
                                <span class="soft">{one.text}</span>
                            </button>
                        </li>
                    ))}
                </ul>
            </Card>
            <Card title="A rule of your own">
                <form class="form inline" onSubmit={(event) => submit(event as unknown as SubmitEvent)}>
                    <label>
                        <span>What</span>
                        <select name="kind">
                            {kinds.map((one) => (
                                <option key={one}>{one}</option>
                            ))}
                        </select>
                    </label>
                    <label>
                        <span>Where</span>
                        <select name="route">
                            {routes.map((one) => (
                                <option key={one}>{one}</option>
                            ))}
                        </select>
                    </label>
                    <label>
                        <span>When</span>
                        <select name="when">
                            <option>before</option>
                            <option>after</option>
                        </select>
                    </label>
                    <label>
                        <span>Percent</span>
                        <input type="number" name="rate" min="0" max="100" value="25" />
                    </label>
                    <label>
                        <span>Seed</span>
                        <input type="number" name="seed" min="0" value="1" />
                    </label>
                    <label>
                        <span>Delay, ms</span>
                        <input type="number" name="delay_ms" min="0" max="600000" value="0" />
                    </label>
                    <button type="submit" class="primary">
                        Add
                    </button>
                </form>
            </Card>
        </>
    );
}
