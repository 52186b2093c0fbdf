import { useEffect, useState } from 'preact/hooks';
import { call, type Session } from '../api';
import { useTitle } from '../hooks';

interface Way {
    signedIn: (session: Session) => void;
    wasSignedIn: boolean;
    goOn: (() => void) | undefined; // as who is signed in already
}

export function Login({ signedIn, wasSignedIn, goOn }: Way) {
    useTitle('Sign in');
    const [error, setError] = useState('');
    const [isBusy, setBusy] = useState(false);
    const enter = async (headers: Record<string, string>) => {
        setBusy(true);
        setError('');
        try {
            signedIn(await call<Session>('POST', '/api/v1/session', { headers }));
        } catch (failure) {
            setError((failure as Error).message);
        }
        setBusy(false);
    };
    useEffect(() => {
        const code = location.hash.slice(1);
        if (location.pathname === '/login' && code) {
            history.replaceState(null, '', '/login');
            void enter({ 'Sluice-Link': code });
        }
    }, []);
    return (
        <main class="login" id="main">
            <img src="/favicon.svg" alt="" width="44" height="44" />
            <h1>Sign in to Sluice</h1>
            {wasSignedIn && <p class="banner warn">The session has ended. What you were looking at comes back when you sign in.</p>}
            <form
                class="form"
                onSubmit={(event) => {
                    event.preventDefault();
                    void enter({ Authorization: `Bearer ${new FormData(event.currentTarget).get('token')}` });
                }}
            >
                <label>
                    <span>Bearer token of a key</span>
                    <input name="token" type="password" required autoComplete="off" spellcheck={false} />
                </label>
                {error && (
                    <p class="wrong" role="alert">
                        {error}
                    </p>
                )}
                <button type="submit" class="primary" disabled={isBusy}>
                    Sign in
                </button>
            </form>
            <p class="soft">
                The operator finds a link in what <code>sluice serve</code> printed when it started; it is good once, for an hour. A key is made by <code>sluice keys create --data DIR --name NAME</code>.
            </p>
            {goOn && (
                <button type="button" onClick={goOn}>
                    Go on as before
                </button>
            )}
            <p>
                <a href="/docs">Documentation</a>
            </p>
        </main>
    );
}
