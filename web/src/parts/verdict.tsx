// What is wrong or right with an upload, before anything else is shown of it.
import type { Diagnosis, Upload } from '../model';
import { isMoving } from '../model';
import { Icon, nameOfState } from './icons';
import { Command } from './ui';

function toneOf(upload: Upload, diagnosis: Diagnosis | undefined): [string, string] {
    if (diagnosis && !diagnosis.healthy) {
        return upload.state === 'failed' ? ['bad', 'bad'] : ['warn', 'warn'];
    }
    if (upload.state === 'failed') {
        return ['bad', 'bad'];
    }
    return upload.state === 'ready' ? ['good', 'ok'] : ['busy', isMoving(upload.state) ? 'gear' : 'open'];
}

export function VerdictPanel({ upload, diagnosis }: { upload: Upload; diagnosis: Diagnosis | undefined }) {
    const [tone, icon] = toneOf(upload, diagnosis);
    const more = diagnosis?.verdicts.slice(1) ?? [];
    const error = upload.processing.error;
    return (
        <section class={`verdict ${tone}`} aria-label="Verdict">
            <span class="sign">
                <Icon name={icon} size={22} />
            </span>
            <div>
                <h2>{diagnosis?.title ?? nameOfState(upload.state)}</h2>
                {diagnosis?.facts && <p>{diagnosis.facts}</p>}
                {!diagnosis && error && <p>{error.message}</p>}
                {diagnosis?.hint && <p class="hint">{diagnosis.hint}</p>}
                {diagnosis?.next && (
                    <>
                        <h3>Next call</h3>
                        <Command text={diagnosis.next.curl} />
                    </>
                )}
                {diagnosis?.doc_url && (
                    <p>
                        <a href={`/docs/errors/${diagnosis.code}`}>
                            What <code>{diagnosis.code}</code> means, and how X answers it
                        </a>
                    </p>
                )}
                {more.length > 0 && (
                    <details>
                        <summary>{more.length === 1 ? 'One more thing' : `${more.length} more things`} on the way</summary>
                        <ul class="plain">
                            {more.map((one) => (
                                <li key={one.code + one.facts}>
                                    <strong>{one.title}</strong> {one.facts}{' '}
                                    {one.doc_url && (
                                        <a href={`/docs/errors/${one.code}`}>
                                            <code>{one.code}</code>
                                        </a>
                                    )}
                                    {one.next && one.next.curl !== diagnosis?.next?.curl && <Command text={one.next.curl} />}
                                </li>
                            ))}
                        </ul>
                    </details>
                )}
            </div>
        </section>
    );
}
