// The drop area, and what this page itself sends.
import { useEffect, useRef, useState } from 'preact/hooks';
import { bytes, percent, shownName } from '../format';
import { announce } from '../live';
import { addFiles, clearSent, dropSending, pauseSending, resumeSending, sentBytes, watchSendings, type Sending } from '../uploader';
import { Icon } from './icons';
import { Bar } from './ui';

const phases: Record<Sending['phase'], string> = {
    waiting: 'waiting',
    sending: 'sending',
    paused: 'paused',
    'needs-file': 'give the file again to go on',
    finishing: 'finishing',
    sent: 'sent',
    failed: 'stopped',
};

function SendingRow({ one }: { one: Sending }) {
    const part = percent(sentBytes(one), one.size);
    const quarter = Math.floor(part / 25) * 25;
    const name = shownName(one.name, 'unnamed');
    useEffect(() => {
        if (quarter > 0) {
            announce(`${name}: ${quarter} percent sent`);
        }
    }, [quarter]);
    const link = one.mediaId ? <a href={`/u/${one.mediaId}`}>{name}</a> : name;
    return (
        <li class="sending">
            <div class="what">
                <bdi class="name">{link}</bdi>
                <span class="soft">
                    {bytes(sentBytes(one))} of {bytes(one.size)}
                    {one.phase === 'sending' && one.speed > 0 && ` · ${bytes(one.speed)}/s`} · {phases[one.phase]}
                </span>
                {one.error && (
                    <span class="wrong">
                        {one.error} {one.errorCode && <a href={`/docs/errors/${one.errorCode}`}>{one.errorCode}</a>}
                    </span>
                )}
            </div>
            <Bar value={part} label={`${name} sent`} tone={one.phase === 'failed' || one.error ? 'bad' : one.phase === 'sent' ? 'good' : ''} />
            <div class="actions">
                {one.phase === 'sending' && (
                    <button type="button" class="small" onClick={() => pauseSending(one)} aria-label={`Pause ${name}`}>
                        <Icon name="pause" size={14} /> Pause
                    </button>
                )}
                {(one.phase === 'paused' || (one.phase === 'failed' && !one.isHopeless)) && (
                    <button type="button" class="small" onClick={() => resumeSending(one)} aria-label={`Resume ${name}`}>
                        <Icon name="play" size={14} /> Resume
                    </button>
                )}
                <button type="button" class="small" onClick={() => dropSending(one)} aria-label={one.phase === 'sent' ? `Take ${name} off this list` : `Cancel ${name}`}>
                    <Icon name="bad" size={14} /> {one.phase === 'sent' ? 'Done' : 'Cancel'}
                </button>
            </div>
        </li>
    );
}

// On every screen: a file that is dropped beside the area would otherwise be opened in place of the page.
export function useDrop(whenAdded: () => void) {
    const added = useRef(whenAdded);
    added.current = whenAdded;
    const mark = (isOver: boolean) => document.body.classList.toggle('dropping', isOver);
    useEffect(() => {
        // A link or text that is dragged about the page is no upload.
        const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
        const over = (event: DragEvent) => {
            if (hasFiles(event)) {
                event.preventDefault();
                mark(true);
            }
        };
        const leave = (event: DragEvent) => event.relatedTarget === null && mark(false);
        const drop = (event: DragEvent) => {
            if (hasFiles(event)) {
                event.preventDefault();
                mark(false);
                addFiles(event.dataTransfer!.files);
                added.current();
            }
        };
        const paste = (event: ClipboardEvent) => {
            if (event.clipboardData?.files.length) {
                addFiles(event.clipboardData.files);
                added.current();
            }
        };
        document.addEventListener('dragover', over);
        document.addEventListener('dragleave', leave);
        document.addEventListener('drop', drop);
        document.addEventListener('paste', paste);
        return () => {
            document.removeEventListener('dragover', over);
            document.removeEventListener('dragleave', leave);
            document.removeEventListener('drop', drop);
            document.removeEventListener('paste', paste);
        };
    }, []);
}

export function DropArea() {
    const [sendings, set] = useState<Sending[]>([]);
    const input = useRef<HTMLInputElement>(null);
    useEffect(() => watchSendings(set), []);
    const sent = sendings.filter((one) => one.phase === 'sent').length;
    return (
        <section aria-label="Upload files">
            <div class="drop">
                <Icon name="uploads" size={22} />
                <span>
                    <strong>Drop files</strong> anywhere, paste, or
                </span>
                <button type="button" class="primary" onClick={() => input.current!.click()}>
                    Choose files
                </button>
                <input
                    ref={input}
                    type="file"
                    multiple
                    hidden
                    aria-label="Files to upload"
                    onChange={() => {
                        addFiles(Array.from(input.current!.files ?? []));
                        input.current!.value = '';
                    }}
                />
                <span class="soft wide">Images, GIFs, videos, subtitles. A reload stops no upload; beyond 512 MB it asks for the file.</span>
            </div>
            {sent > 1 && (
                <p class="cleared">
                    <span class="soft">
                        {sent} of {sendings.length} sent
                    </span>
                    <button type="button" class="small" onClick={clearSent}>
                        <Icon name="ok" size={14} /> Clear sent
                    </button>
                </p>
            )}
            {sendings.length > 0 && (
                <ul class="sendings">
                    {sendings.map((one) => (
                        <SendingRow key={one.key} one={one} />
                    ))}
                </ul>
            )}
        </section>
    );
}
