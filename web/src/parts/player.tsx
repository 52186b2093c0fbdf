// The result: renditions and captions of a video, variants of an image. hls.js comes only when a
// browser cannot play HLS by itself and somebody asks for it.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { bytes } from '../format';
import type { Output, Upload } from '../model';

// Links of the server name it as the client called it; the page asks where it came from itself.
export const local = (url: string) => {
    const parsed = new URL(url);
    return parsed.pathname + parsed.search;
};

const unreachable = 'It could not be loaded from the server.';
const unplayable = 'This browser cannot play it, or it could not be loaded.';

interface Cue {
    from: number;
    to: number;
    url: string;
    at: [number, number, number, number];
}

async function readStoryboard(url: string): Promise<Cue[]> {
    const answer = await fetch(url);
    const seconds = (text: string) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    const cues: Cue[] = [];
    for (const block of (await answer.text()).split(/\n\n+/)) {
        const found = /([\d:.]+) --> ([\d:.]+)[^\n]*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/.exec(block);
        if (found) {
            const picture = new URL(found[3]!, new URL(url, location.href));
            cues.push({ from: seconds(found[1]!), to: seconds(found[2]!), url: picture.pathname + picture.search, at: [+found[4]!, +found[5]!, +found[6]!, +found[7]!] });
        }
    }
    return cues;
}

function Storyboard({ output, video }: { output: Output; video: RefObject<HTMLVideoElement | null> }) {
    const [cues, setCues] = useState<Cue[]>([]);
    const [shown, show] = useState<Cue>();
    const picture = useRef<HTMLElement>(null);
    useEffect(() => void readStoryboard(local(output.url)).then(setCues, () => {}), [output.url]);
    useEffect(() => {
        if (shown && picture.current) {
            const [x, y, w, h] = shown.at;
            Object.assign(picture.current.style, { backgroundImage: `url("${shown.url}")`, backgroundPosition: `-${x}px -${y}px`, width: `${w}px`, height: `${h}px` });
        }
    }, [shown]);
    if (cues.length === 0) {
        return null;
    }
    const ends = cues[cues.length - 1]!.to;
    const cueAt = (event: PointerEvent) => {
        const box = (event.currentTarget as Element).getBoundingClientRect();
        const time = ((event.clientX - box.left) / box.width) * ends;
        return cues.find((cue) => time >= cue.from && time < cue.to) ?? cues[cues.length - 1];
    };
    return (
        <div class="storyboard">
            {shown && <i class="picture" ref={picture} />}
            <div
                class="strip"
                aria-hidden="true"
                onPointerMove={(event) => show(cueAt(event))}
                onPointerLeave={() => show(undefined)}
                onClick={(event) => {
                    const cue = cueAt(event as unknown as PointerEvent);
                    if (cue && video.current) {
                        video.current.currentTime = cue.from;
                    }
                }}
            >
                {cues.map((cue) => (
                    <i key={cue.from} class={cue === shown ? 'on' : ''} />
                ))}
            </div>
        </div>
    );
}

function Video({ upload }: { upload: Upload }) {
    const video = useRef<HTMLVideoElement>(null);
    const renditions = upload.outputs.filter((one) => one.role === 'rendition' && one.content_type.startsWith('video/')).sort((a, b) => (b.height ?? 0) - (a.height ?? 0));
    const playlist = upload.outputs.find((one) => one.role === 'playlist');
    const poster = upload.outputs.find((one) => one.role === 'poster');
    const storyboard = upload.outputs.find((one) => one.role === 'storyboard' && one.content_type.startsWith('text/vtt'));
    const sources: [string, Output][] = [...renditions.map((one) => [`${one.height ?? '?'}p MP4`, one] as [string, Output]), ...(playlist ? [['HLS', playlist] as [string, Output]] : [])];
    const [chosen, choose] = useState('');
    const [said, say] = useState('');
    const [tries, tryAgain] = useState(0);
    const loaded = useRef('');
    const [shownName, source] = sources.find(([name]) => name === chosen) ?? sources[0] ?? [];
    useEffect(() => {
        const element = video.current;
        if (!element || !source) {
            return;
        }
        say('');
        const url = local(source.url);
        const began = element.currentTime;
        const wasPlaying = !element.paused;
        loaded.current = url;
        if (began > 0) {
            const goOn = () => {
                element.currentTime = began;
                if (wasPlaying) {
                    element.play().catch(() => {});
                }
            };
            element.addEventListener('loadedmetadata', goOn, { once: true });
        }
        if (source.role !== 'playlist' || element.canPlayType('application/vnd.apple.mpegurl') !== '') {
            element.src = url;
            return;
        }
        let end = () => {};
        let isOver = false;
        import('hls.js/light').then(({ default: Hls }) => {
            if (isOver) {
                return; // something else was chosen meanwhile
            }
            const player = new Hls({ enableWorker: false });
            player.loadSource(url);
            player.attachMedia(element);
            player.on(Hls.Events.ERROR, (_, what) => what.fatal && say(what.type === Hls.ErrorTypes.NETWORK_ERROR ? unreachable : unplayable));
            end = () => player.destroy();
        }, () => say('The HLS player could not be loaded.'));
        return () => {
            isOver = true;
            end();
        };
        // The signature of an address changes with each look at the upload; what plays goes on with the old one.
    }, [source?.name, tries]);
    const fail = () => {
        if (source && local(source.url) !== loaded.current) {
            tryAgain(tries + 1); // its signature may have ended
        } else {
            say(video.current?.error?.code === MediaError.MEDIA_ERR_NETWORK ? unreachable : unplayable);
        }
    };
    const isLoop = upload.category.includes('gif');
    return (
        <div class="player">
            <video
                ref={video}
                controls
                playsInline
                muted={isLoop}
                loop={isLoop}
                preload="metadata"
                poster={poster && local(poster.url)}
                aria-label={`Player of ${upload.file_name || upload.media_id}`}
                onError={fail}
            >
                {(upload.subtitles ?? []).map((track) => (
                    <track key={track.media_id} kind="captions" src={local(track.url)} srcLang={track.language} label={track.display_name || track.language} />
                ))}
            </video>
            {storyboard && <Storyboard output={storyboard} video={video} />}
            <div class="tabs" role="group" aria-label="Rendition">
                {sources.map(([name]) => (
                    <button key={name} type="button" aria-pressed={name === shownName} onClick={() => choose(name)}>
                        {name}
                    </button>
                ))}
            </div>
            {said && <p class="wrong">{said}</p>}
        </div>
    );
}

function Picture({ upload }: { upload: Upload }) {
    const variants = upload.outputs.filter((one) => one.role === 'picture').sort((a, b) => (b.width ?? 0) - (a.width ?? 0));
    const [chosen, choose] = useState('');
    const one = variants.find((variant) => variant.name === chosen) ?? variants[0]!;
    return (
        <div class="player">
            <img src={local(one.url)} alt={`${upload.file_name || upload.media_id}, as ${one.name}`} width={one.width ?? undefined} height={one.height ?? undefined} />
            <div class="tabs" role="group" aria-label="Variant">
                {variants.map((variant) => (
                    <button key={variant.name} type="button" aria-pressed={variant === one} onClick={() => choose(variant.name)}>
                        {variant.name} <span class="soft">{bytes(variant.size_bytes)}</span>
                    </button>
                ))}
            </div>
        </div>
    );
}

export function Result({ upload }: { upload: Upload }) {
    if (upload.outputs.some((one) => one.role === 'rendition')) {
        return <Video upload={upload} />;
    }
    return upload.outputs.some((one) => one.role === 'picture') ? <Picture upload={upload} /> : null;
}
