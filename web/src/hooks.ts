import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './api';

const problemOfFailure = (failure: unknown) => (failure instanceof Problem ? failure : new Problem(0, '', failure instanceof Error ? failure.message : String(failure), '', '', ''));

// Rows do not move while somebody points at them.
export const isPointedAt = (selector: string) => document.querySelector(selector)?.matches(':hover') ?? false;

export interface Query<T> {
    data: T | undefined;
    error: Problem | undefined;
    isLoading: boolean;
    refresh: () => Promise<void>;
    set: (change: (old: T | undefined) => T | undefined) => void;
}

// Loads when `key` changes; an error keeps what was there.
export function useQuery<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Query<T> {
    const [data, setData] = useState<T>();
    const [error, setError] = useState<Problem>();
    const [isLoading, setLoading] = useState(true);
    const latest = useRef(load);
    latest.current = load;
    const running = useRef<AbortController | undefined>(undefined);
    const isWantedAgain = useRef(false);
    // While one load runs another waits for its end: a stream of events must not keep every load from ending.
    const refresh = useCallback(async () => {
        if (running.current && !running.current.signal.aborted) {
            isWantedAgain.current = true;
            return;
        }
        const mine = new AbortController();
        running.current = mine;
        try {
            const loaded = await latest.current(mine.signal);
            if (!mine.signal.aborted) {
                setData(() => loaded);
                setError(undefined);
            }
        } catch (failure) {
            if (!mine.signal.aborted) {
                setError(problemOfFailure(failure));
            }
        } finally {
            if (!mine.signal.aborted) {
                setLoading(false);
                running.current = undefined;
                if (isWantedAgain.current) {
                    isWantedAgain.current = false;
                    void refresh();
                }
            }
        }
    }, []);
    useEffect(() => {
        setLoading(true);
        setData(undefined);
        setError(undefined);
        isWantedAgain.current = false;
        void refresh();
        return () => running.current?.abort();
    }, [key]);
    return { data, error, isLoading, refresh, set: setData };
}

// Calls at most once in `ms`, and once more if asked meanwhile.
export function useSoon(call: () => void, ms: number): () => void {
    const latest = useRef(call);
    latest.current = call;
    const timer = useRef(0);
    useEffect(() => () => clearTimeout(timer.current), []);
    return useCallback(() => {
        if (timer.current === 0) {
            timer.current = window.setTimeout(() => {
                timer.current = 0;
                latest.current();
            }, ms);
        }
    }, []);
}

export function useEvery(ms: number, isOn: boolean, call: () => void) {
    const latest = useRef(call);
    latest.current = call;
    useEffect(() => {
        if (!isOn) {
            return;
        }
        const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), ms);
        return () => clearInterval(timer);
    }, [ms, isOn]);
}

export function useNow(ms: number): number {
    const [now, set] = useState(Date.now());
    useEvery(ms, true, () => set(Date.now()));
    return now;
}

export function useTitle(title: string) {
    useEffect(() => {
        document.title = title ? `${title} · Sluice` : 'Sluice';
    }, [title]);
}

// What a button does, and what came of it if it failed.
export function useAction(): [Problem | undefined, (work: () => Promise<unknown>) => void] {
    const [problem, set] = useState<Problem>();
    const act = useCallback((work: () => Promise<unknown>) => {
        set(undefined);
        work().catch((failure) => set(problemOfFailure(failure)));
    }, []);
    return [problem, act];
}
