import { useState } from 'preact/hooks';
import { call, get } from '../api';
import { age } from '../format';
import { useNow, useQuery, useTitle } from '../hooks';
import { announce } from '../live';
import { Ask, Banner, Card, Command, Copy, Empty, Skeleton } from '../parts/ui';

interface Key {
    id: string;
    name: string;
    user_id: string;
    app_name: string;
    scopes: string[];
    created_at: string;
    expires_at: string | null;
    revoked_at: string | null;
}

type Issued = Key & Record<(typeof secrets)[number][0], string>;

const secrets = [
    ['bearer_token', 'Bearer token'],
    ['app_bearer_token', 'App-only bearer token'],
    ['consumer_key', 'Consumer key'],
    ['consumer_secret', 'Consumer secret'],
    ['access_token', 'Access token'],
    ['access_token_secret', 'Access token secret'],
] as const;
const scopes = ['media.write', 'tweet.read', 'tweet.write', 'users.read', 'dm.read', 'dm.write', 'offline.access', 'admin'];

function Secrets({ issued, done }: { issued: Issued; done: () => void }) {
    return (
        <Card title={`Credentials of ${issued.name}`} class="secret">
            <p>
                <strong>They are shown once.</strong> Copy them now; nobody can read them again.
            </p>
            <dl class="facts">
                {secrets.map(([name, title]) => (
                    <div key={name}>
                        <dt>{title}</dt>
                        <dd>
                            <code>{issued[name]}</code> <Copy text={issued[name]} />
                        </dd>
                    </div>
                ))}
            </dl>
            <button type="button" onClick={done}>
                I have them
            </button>
        </Card>
    );
}

function Create({ made, failed }: { made: (issued: Issued) => void; failed: (error: Error) => void }) {
    const submit = async (event: SubmitEvent) => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement;
        const data = new FormData(form);
        try {
            made(await call<Issued>('POST', '/api/v1/keys', { json: { name: data.get('name'), scopes: data.getAll('scope').join(',') } }));
            form.reset();
        } catch (error) {
            failed(error as Error);
        }
    };
    return (
        <form class="form" onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
            <label>
                <span>Name</span>
                <input name="name" required maxLength={100} placeholder="my uploader" autoComplete="off" />
            </label>
            <fieldset>
                <legend>Scopes</legend>
                {scopes.map((scope) => (
                    <label key={scope} class="check">
                        <input type="checkbox" name="scope" value={scope} defaultChecked={scope !== 'admin'} /> {scope}
                    </label>
                ))}
            </fieldset>
            <button type="submit" class="primary">
                Create key
            </button>
        </form>
    );
}

export function Keys() {
    useTitle('Keys');
    const query = useQuery('keys', (signal) => get<{ data: Key[] }>('/api/v1/keys', { signal }));
    const [issued, setIssued] = useState<Issued>();
    const [failure, setFailure] = useState<Error>();
    const [asked, ask] = useState<{ key: Key; action: 'rotate' | 'revoke' }>();
    const now = useNow(10_000);
    const act = async (key: Key, action: 'rotate' | 'revoke') => {
        ask(undefined);
        try {
            setFailure(undefined);
            const answer = await call<Issued>('POST', `/api/v1/keys/${key.id}/${action}`);
            announce(action === 'revoke' ? 'Revoked' : 'New credentials');
            if (action === 'rotate') {
                setIssued(answer);
            }
            await query.refresh();
        } catch (error) {
            setFailure(error as Error);
        }
    };
    const keys = query.data?.data;
    return (
        <>
            <h1>Keys</h1>
            {query.error && <Banner problem={query.error} retry={() => void query.refresh()} />}
            {failure && <p class="banner bad" role="alert">{failure.message}</p>}
            {asked && (
                <Ask
                    title={asked.action === 'revoke' ? `Revoke ${asked.key.name}?` : `New credentials for ${asked.key.name}?`}
                    text={asked.action === 'revoke' ? 'Every program that uses it is refused at once.' : 'The credentials of now end at once.'}
                    yes={asked.action === 'revoke' ? 'Revoke' : 'Renew'}
                    onNo={() => ask(undefined)}
                    onYes={() => void act(asked.key, asked.action)}
                />
            )}
            {issued && <Secrets issued={issued} done={() => setIssued(undefined)} />}
            <Card title="Keys of this server">
                {!keys ? (
                    !query.error && <Skeleton rows={3} />
                ) : keys.length === 0 ? (
                    <Empty title="No keys yet">
                        <p>Make the first one below, or in a terminal:</p>
                        <Command text="sluice keys create --data DIR --name NAME" />
                    </Empty>
                ) : (
                    <div class="scroll" tabIndex={0} role="region" aria-label="Keys">
                        <table class="plain stacked">
                            <thead>
                                <tr>
                                    <th scope="col">Key</th>
                                    <th scope="col">Age</th>
                                    <th scope="col">State</th>
                                    <th scope="col">
                                        <span class="hidden">Actions</span>
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                {keys.map((key) => (
                                    <tr key={key.id}>
                                        <th scope="row" class="about">
                                            <bdi>{key.name}</bdi>
                                            <small class="soft">
                                                user <code>{key.user_id}</code>
                                            </small>
                                            <small class="soft">{key.scopes.join(', ')}</small>
                                        </th>
                                        <td class="soft">{age(key.created_at, now)}</td>
                                        <td>{key.revoked_at ? <span class="badge bad">revoked</span> : key.expires_at && Date.parse(key.expires_at) < now ? <span class="badge quiet">expired</span> : <span class="badge good">valid</span>}</td>
                                        <td>
                                            {!key.revoked_at && (
                                                <div class="actions">
                                                    <button type="button" class="small" onClick={() => ask({ key, action: 'rotate' })}>
                                                        Renew
                                                    </button>
                                                    <button type="button" class="small danger" onClick={() => ask({ key, action: 'revoke' })}>
                                                        Revoke
                                                    </button>
                                                </div>
                                            )}
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                )}
            </Card>
            <Card title="A new key">
                <Create made={(made) => (setIssued(made), setFailure(undefined), window.scrollTo(0, 0), void query.refresh())} failed={setFailure} />
            </Card>
        </>
    );
}
