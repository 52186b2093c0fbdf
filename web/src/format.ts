// Numbers and times for people.

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(count: number | null): string {
    if (count === null) {
        return 'not told';
    }
    let at = 0;
    let value = count;
    while (value >= 1000 && at < units.length - 1) {
        value /= 1000;
        ++at;
    }
    return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

export function duration(ms: number): string {
    if (ms < 1000) {
        return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    }
    const seconds = ms / 1000;
    if (seconds < 60) {
        return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
    }
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function age(time: string, now = Date.now()): string {
    const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
    if (seconds < 5) {
        return 'now';
    }
    if (seconds < 60) {
        return `${Math.floor(seconds)} s`;
    }
    if (seconds < 3600) {
        return `${Math.floor(seconds / 60)} min`;
    }
    return seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

export const clock = (time: string) => new Date(time).toLocaleTimeString([], { hour12: false, hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const when = (time: string) => new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium', hour12: false });
export const percent = (part: number, whole: number | null) => (whole !== null && whole > 0 ? Math.min(100, Math.floor((part * 100) / whole)) : 0);
export const plural = (count: number, one: string, many = one + 's') => `${count} ${count === 1 ? one : many}`;

// Control and direction characters would change how the line around them reads; invisible ones would hide.
export function plainName(name: string): string {
    return name.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff]/g, '\ufffd');
}

// The same of text with lines.
export const plainText = (text: string) => text.replace(/[^\n\t]+/g, plainName);

// A name of nothing but blanks is none.
export const shownName = (name: string, orElse: string) => plainName(name).trim() || orElse;
