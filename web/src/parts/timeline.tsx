// What was called and what came of it. APPENDs that ran beside each other stand in lanes of their own,
// with the job's steps below; then the same as a list.
import { useState } from 'preact/hooks';
import { bytes, clock, duration, plural } from '../format';
import type { TimelineEvent } from '../model';
import { Icon, StatusBadge } from './icons';

interface Span {
    event: TimelineEvent;
    from: number;
    to: number;
    lane: number;
    kind: string;
    marks: [number, number][]; // when something was done, within it
}

const endsOfJob = ['job.ready', 'job.failed', 'job.released'];
const isOfJob = (event: TimelineEvent) => event.call.startsWith('job');

// A step lasts until the next one. Of calls that were told as one, the first and the last are known.
function spanOf(event: TimelineEvent, next: TimelineEvent | undefined): Span {
    const [first, last] = [Date.parse(event.time), Date.parse(event.last_time)];
    const kind = event.code ? 'bad' : ['APPEND', 'PATCH'].includes(event.call) ? 'append' : isOfJob(event) ? 'job' : 'call';
    if (kind === 'job' && !endsOfJob.includes(event.call)) {
        const to = Math.max(first, next ? Date.parse(next.time) : Date.now());
        return { event, from: first, to, lane: 0, kind, marks: event.call === 'job.queued' ? [[first, first]] : [[first, to]] };
    }
    const call = (end: number): [number, number] => [end - event.duration_ms, end];
    const marks = event.count > 1 ? [call(first), call(last)] : [call(last)];
    return { event, from: marks[0]![0], to: last, lane: 0, kind, marks };
}

function spansOf(events: TimelineEvent[]): { spans: Span[]; lanes: number; from: number; to: number } {
    const ofJob = events.filter(isOfJob);
    const spans = events.map((event) => spanOf(event, isOfJob(event) ? ofJob[ofJob.indexOf(event) + 1] : undefined)).sort((a, b) => a.from - b.from);
    const ends: number[] = [];
    for (const span of spans) {
        let lane = ends.findIndex((end) => end <= span.from);
        if (lane < 0) {
            lane = ends.length < 8 ? ends.length : 7;
        }
        ends[lane] = span.kind === 'job' ? span.to : Math.max(span.to, span.from + 1);
        span.lane = lane;
    }
    return { spans, lanes: ends.length, from: Math.min(...spans.map((one) => one.from)), to: Math.max(...spans.map((one) => one.to)) };
}

const steps: Record<string, string> = {
    'job.queued': 'Queued',
    'job.claimed': 'Begun',
    'job.step': 'Step',
    'job.playable': 'Playable',
    'job.ready': 'Ready',
    'job.failed': 'Failed',
    'job.released': 'Given back',
    'job.retried': 'Tried again',
};

const nameOfCall = (event: TimelineEvent) => steps[event.call] ?? event.call;

function Lanes({ events }: { events: TimelineEvent[] }) {
    const { spans, lanes, from, to } = spansOf(events);
    const width = 1000;
    const x = (time: number) => ((time - from) / Math.max(1, to - from)) * width;
    const height = 14;
    return (
        <figure class="lanes">
            <svg viewBox={`0 0 ${width} ${lanes * height + 4}`} preserveAspectRatio="none" role="img" aria-label={`${plural(events.length, 'event')} within ${duration(to - from)}`}>
                {spans.map((span, at) => (
                    <g key={at} class={span.kind}>
                        <title>{`${nameOfCall(span.event)}${span.event.segment_index === null ? '' : ' ' + span.event.segment_index}${span.event.count > 1 ? ` × ${span.event.count}` : ''}: ${span.event.code ?? span.event.status ?? ''} ${duration(span.kind === 'job' ? span.to - span.from : span.event.duration_ms)}`}</title>
                        <rect class="run" x={x(span.from)} y={span.lane * height + height / 2 - 0.5} width={x(span.to) - x(span.from)} height={2} />
                        {span.marks.map(([begun, done]) => (
                            <rect key={begun} x={x(begun)} y={span.lane * height + 2} width={Math.max(3, x(done) - x(begun) - 1)} height={height - 3} rx="2" />
                        ))}
                    </g>
                ))}
            </svg>
            <figcaption class="soft">
                <span>{clock(new Date(from).toISOString())}</span>
                <span class="keys">
                    <i class="append" /> bytes <i class="call" /> other calls <i class="job" /> processing <i class="bad" /> refused
                </span>
                <span>{duration(to - from)} later</span>
            </figcaption>
        </figure>
    );
}

function obedience(event: TimelineEvent): string {
    if (event.obeyed === null) {
        return event.check_after_secs === null ? '' : `advised to ask again after ${event.check_after_secs} s`;
    }
    const asked = event.asked_after_secs?.toFixed(1);
    return event.obeyed ? `asked after ${asked} s, as advised` : `asked after ${asked} s, though ${event.advised_secs} s were advised`;
}

// What is too long for two lines is shown when it is asked for.
const clampedFrom = 190;

function Told({ facts }: { facts: string }) {
    const [isWhole, setWhole] = useState(false);
    const isLong = facts.length > clampedFrom;
    return (
        <div class="facts-of">
            <p class={isLong && !isWhole ? 'clamped' : ''}>{facts}</p>
            {isLong && (
                <button type="button" class="small" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
                    {isWhole ? 'Less' : 'More'}
                </button>
            )}
        </div>
    );
}

const shortFacts = 48;

function Line({ event }: { event: TimelineEvent }) {
    const isStep = isOfJob(event);
    const advice = obedience(event);
    // What the advice says in words needs no saying as "polling_too_fast; asked_after=…".
    const facts = event.facts?.startsWith(`${event.code};`) && advice ? '' : (event.facts ?? '');
    const isBeside = !event.code && facts.length <= shortFacts;
    return (
        <li class={event.code ? 'refused' : ''}>
            <time dateTime={event.time}>{clock(event.time)}</time>
            <span class="call">
                {nameOfCall(event)}
                {event.segment_index !== null && <span class="soft"> {event.segment_index}</span>}
                {event.count > 1 && <b class="times">× {event.count}</b>}
            </span>
            {event.status ? <StatusBadge status={event.status} /> : <span class="badge quiet">{isStep ? 'step' : ''}</span>}
            <span class="told">
                {event.code && (
                    <a href={`/docs/errors/${event.code}`}>
                        <code>{event.code}</code>
                    </a>
                )}{' '}
                {isBeside && facts}
                {event.size_bytes !== null && !event.code && <span class="soft"> {bytes(event.size_bytes)}</span>}
                {advice && (
                    <span class={event.obeyed === false ? 'wrong' : 'soft'}>
                        {' '}
                        {event.obeyed === false && <Icon name="warn" size={13} />} {advice}
                    </span>
                )}
            </span>
            <span class="soft number">
                {event.request_id && !isStep ? (
                    <a href={`/requests/${event.request_id}`} title="The exchange">
                        {duration(event.duration_ms)}
                        <span class="hidden"> for this {event.call}: the exchange</span>
                    </a>
                ) : event.duration_ms > 0 ? (
                    duration(event.duration_ms)
                ) : (
                    ''
                )}
            </span>
            {facts && !isBeside && <Told facts={facts} />}
        </li>
    );
}

type Entry = TimelineEvent | TimelineEvent[];

// APPENDs that succeeded one after the other are one line, until somebody asks.
const runMin = 4;

function entriesOf(events: TimelineEvent[]): Entry[] {
    const entries: Entry[] = [];
    let run: TimelineEvent[] = [];
    const endRun = () => {
        entries.push(...(run.length >= runMin ? [run] : run));
        run = [];
    };
    for (const event of events) {
        if (event.call === 'APPEND' && !event.code) {
            run.push(event);
        } else {
            endRun();
            entries.push(event);
        }
    }
    endRun();
    return entries;
}

function Run({ events }: { events: TimelineEvent[] }) {
    const [isOpen, setOpen] = useState(false);
    if (isOpen) {
        return (
            <>
                {events.map((event) => (
                    <Line key={`${event.time} ${event.segment_index}`} event={event} />
                ))}
            </>
        );
    }
    const indexes = events.map((event) => event.segment_index ?? 0);
    const sum = events.reduce((bytesSoFar, event) => bytesSoFar + (event.size_bytes ?? 0), 0);
    const [first, last] = [events[0]!, events[events.length - 1]!];
    return (
        <li>
            <time dateTime={first.time}>{clock(first.time)}</time>
            <span class="call">
                APPEND{' '}
                <span class="soft">
                    {Math.min(...indexes)} to {Math.max(...indexes)}
                </span>
            </span>
            <StatusBadge status={first.status ?? 0} />
            <span class="told">
                {plural(events.length, 'call')}, {bytes(sum)}{' '}
                <button type="button" class="small" aria-expanded="false" onClick={() => setOpen(true)}>
                    Show each
                </button>
            </span>
            <span class="soft number">{duration(Date.parse(last.last_time) - Date.parse(first.time) + first.duration_ms)}</span>
        </li>
    );
}

export function Timeline({ events }: { events: TimelineEvent[] }) {
    if (events.length === 0) {
        return <p class="soft">Nothing is remembered of it.</p>;
    }
    return (
        <>
            <Lanes events={events} />
            <ol class="timeline">
                {entriesOf(events).map((entry) =>
                    Array.isArray(entry) ? <Run key={`run ${entry[0]!.time}`} events={entry} /> : <Line key={`${entry.time} ${entry.call} ${entry.segment_index} ${entry.code}`} event={entry} />,
                )}
            </ol>
        </>
    );
}
