// The address is the state: what is looked at, and how it is filtered.
import { useEffect, useState } from 'preact/hooks';

export interface Place {
    path: string;
    query: URLSearchParams;
}

const listeners = new Set<() => void>();
const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const tell = () => listeners.forEach((listen) => listen());

export function go(url: string, how: 'push' | 'replace' = 'push') {
    if (url !== location.pathname + location.search) {
        history[how === 'push' ? 'pushState' : 'replaceState'](null, '', url);
    }
    if (how === 'push') {
        window.scrollTo(0, 0);
    }
    tell();
}

export function setQuery(changes: Record<string, string | null>) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
        if (value) {
            query.set(name, value);
        } else {
            query.delete(name);
        }
    }
    const text = query.toString();
    go(location.pathname + (text ? `?${text}` : ''), 'replace');
}

export function usePlace(): Place {
    const [place, set] = useState(here());
    useEffect(() => {
        const update = () => set(here());
        listeners.add(update);
        window.addEventListener('popstate', update);
        return () => {
            listeners.delete(update);
            window.removeEventListener('popstate', update);
        };
    }, []);
    return place;
}

const isOurs = (path: string) => !/^\/(docs|api|media|assets|openapi|metrics|livez|readyz|version)/.test(path);

// Ordinary links stay ordinary; those to our own screens do not load the page anew.
export function followLinks(event: MouseEvent) {
    const link = (event.target as Element).closest?.('a');
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download') || link.origin !== location.origin || !isOurs(link.pathname)) {
        return;
    }
    if (link.hash && link.pathname === location.pathname) {
        return; // a place on this page
    }
    event.preventDefault();
    go(link.pathname + link.search);
}
