// Which segments have arrived, are missing, came again, were refused: a thousand of them on one canvas
// of small cells, with the same in words.
import { useMemo, useState } from 'preact/hooks';
import { bytes, plural } from '../format';
import type { TimelineEvent, Upload } from '../model';

type Look = 'arrived' | 'missing' | 'repeated' | 'refused';

interface Cell {
    index: number;
    look: Look;
    size: number | null;
    codes: string[];
    times: number;
}

export function cellsOf(upload: Upload, events: TimelineEvent[]): Cell[] {
    const cells = new Map<number, Cell>();
    const at = (index: number): Cell => {
        let cell = cells.get(index);
        if (!cell) {
            cell = { index, look: 'missing', size: null, codes: [], times: 0 };
            cells.set(index, cell);
        }
        return cell;
    };
    for (const [first, last] of upload.segments.arrived) {
        for (let index = first; index <= last; ++index) {
            at(index).look = 'arrived';
        }
    }
    upload.segments.missing.forEach(at);
    for (const event of events) {
        if (event.call !== 'APPEND' || event.segment_index === null || event.segment_index > 999) {
            continue;
        }
        const cell = at(event.segment_index);
        if (event.code) {
            cell.codes.push(event.code);
        } else {
            cell.times += event.count;
            cell.size = event.size_bytes ?? cell.size;
        }
    }
    for (const cell of cells.values()) {
        if (cell.codes.length > 0 && cell.look === 'missing') {
            cell.look = 'refused';
        } else if (cell.look === 'arrived' && (cell.times > 1 || cell.codes.length > 0)) {
            cell.look = 'repeated';
        }
    }
    return [...cells.values()].sort((a, b) => a.index - b.index);
}

const words: Record<Look, string> = { arrived: 'arrived', missing: 'missing', repeated: 'sent again', refused: 'refused' };

export function SegmentMap({ upload, events }: { upload: Upload; events: TimelineEvent[] }) {
    const [shown, show] = useState<Cell>();
    const cells = useMemo(() => cellsOf(upload, events), [upload, events]);
    if (cells.length === 0) {
        return <p class="soft">{upload.one_shot ? 'It came whole, in one call.' : 'No segment has come yet.'}</p>;
    }
    const counts = (['arrived', 'repeated', 'missing', 'refused'] as Look[]).map((look) => [look, cells.filter((cell) => cell.look === look).length] as const).filter(([, count]) => count > 0);
    const at = cells.findIndex((cell) => cell.index === shown?.index);
    const told = shown
        ? `Segment ${shown.index}: ${words[shown.look]}${shown.size ? `, ${bytes(shown.size)}` : ''}${shown.codes.length ? `; refused as ${[...new Set(shown.codes)].join(', ')}` : ''}`
        : `${bytes(upload.received_bytes)} of ${bytes(upload.size_bytes)} are here`;
    return (
        <>
            <ul class="legend">
                {counts.map(([look, count]) => (
                    <li key={look}>
                        <i class={`cell ${look}`} aria-hidden="true" /> {count} {words[look]}
                    </li>
                ))}
            </ul>
            <div
                class={`cells ${cells.length > 200 ? 'many' : ''}`}
                role="slider"
                tabIndex={0}
                aria-label={`Segments: ${counts.map(([look, count]) => `${plural(count, 'segment')} ${words[look]}`).join(', ')}`}
                aria-valuemin={0}
                aria-valuemax={cells.length - 1}
                aria-valuenow={at < 0 ? 0 : at}
                aria-valuetext={told}
                onPointerLeave={() => show(undefined)}
                onKeyDown={(event) => {
                    const next = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: Math.max(at, 1) - 1, ArrowDown: Math.max(at, 1) - 1, Home: 0, End: cells.length - 1 }[event.key];
                    if (next !== undefined) {
                        event.preventDefault();
                        show(cells[Math.min(next, cells.length - 1)]);
                    }
                }}
                onBlur={() => show(undefined)}
            >
                {cells.map((cell) => (
                    <i key={cell.index} class={`cell ${cell.look}${cell.index === shown?.index ? ' shown' : ''}`} onPointerEnter={() => show(cell)} />
                ))}
            </div>
            <p class="soft under" aria-hidden="true">
                {told}
            </p>
        </>
    );
}
