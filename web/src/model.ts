// What the native API answers, as far as the console looks at it. More members may come.
import type { Next } from './api';

export type State = 'open' | 'sealed' | 'queued' | 'processing' | 'ready' | 'failed' | 'cancelled' | 'expired';

export interface Output {
    name: string;
    url: string;
    content_type: string;
    size_bytes: number;
    width: number | null;
    height: number | null;
    duration_ms: number | null;
    role: 'rendition' | 'picture' | 'poster' | 'playlist' | 'track' | 'storyboard' | 'captions';
    copied: boolean;
}

export interface Upload {
    media_id: string;
    media_key: string;
    state: State;
    category: string;
    media_type: string;
    file_name: string;
    protocol: string | null;
    size_bytes: number | null;
    received_bytes: number;
    owner: string;
    one_shot: boolean;
    segments: { received: number; missing: number[]; arrived: [number, number][] };
    content: { media_type: string | null; width: number | null; height: number | null; conversions: string | null; probe: Record<string, string | number> };
    processing: {
        state: State;
        progress_percent: number;
        check_after_secs: number | null;
        step: string;
        attempts: number;
        playable_at: string | null;
        error: { code: number; name: string; reason: string; message: string } | null;
    };
    outputs: Output[];
    placeholder: string | null;
    original_url: string | null;
    created_at: string;
    expires_at: string | null;
    subtitles?: { media_id: string; language: string; display_name: string; url: string }[];
    metadata?: Record<string, unknown>;
    used_by?: string[];
}

export interface Page<T> {
    data: T[];
    has_more: boolean;
    next: string | null;
}

export interface Verdict {
    code: string;
    confidence: string;
    title: string;
    facts: string;
    hint: string;
    next: Next | null;
    doc_url: string | null;
}

export interface Diagnosis extends Verdict {
    media_id: string;
    state: State;
    healthy: boolean;
    verdicts: Verdict[];
}

export interface TimelineEvent {
    time: string;
    last_time: string;
    count: number;
    call: string;
    status: number | null;
    code: string | null;
    facts: string | null;
    segment_index: number | null;
    size_bytes: number | null;
    duration_ms: number;
    request_id: string | null;
    check_after_secs: number | null;
    asked_after_secs: number | null;
    advised_secs: number | null;
    obeyed: boolean | null;
}

export interface ShortExchange {
    id: string;
    at: string;
    took_ms: number;
    method: string;
    path: string;
    status: number;
    code: string | null;
    call: string | null;
    route: string | null;
    media_id: string | null;
    segment_index: number | null;
    caller: { principal: string | null; name: string | null; address: string };
    received_bytes: number;
}

export interface Field {
    name: string;
    value: string;
}

export interface Part {
    name: string;
    place: string;
    file_name: string | null;
    content_type: string | null;
    size_bytes: number;
    crc32c: string | null;
    text?: string;
    start_hex?: string;
    is_cut: boolean;
}

export interface Exchange extends ShortExchange {
    request: { method: string; url: string; http_version: string; query: Field[]; headers: Field[]; body_bytes: number; parts: Part[] };
    response: { status: number; headers: Field[]; body_bytes: number; body: string | null; is_cut: boolean };
    oauth: { base_string_expected: string; base_string_sent: string | null } | null;
}

export const isMoving = (state: State) => state === 'sealed' || state === 'queued' || state === 'processing';
export const isOver = (state: State) => state === 'cancelled' || state === 'expired';
