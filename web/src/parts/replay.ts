// Sends a recorded call again: what the recorder kept of it is put together anew, in the same place
// (query, form, multipart, JSON). What it cut or masked cannot be sent.
import { raw } from '../api';
import type { Exchange, Field } from '../model';

const mask = '****';
const wholeBody = '(body)'; // as the recorder calls a body that has no parts

// Of an address as it came: its host may be anything, also what is no host.
export const targetOf = (url: string) => url.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/';
export const pathOf = (url: string) => targetOf(url).split('?')[0]!;

const headerOf = (exchange: Exchange, name: string) => exchange.request.headers.find((field) => field.name.toLowerCase() === name)?.value;
// What came of the body, or was to come of a body that nobody read.
export const bytesOfBody = (exchange: Exchange) => exchange.request.body_bytes || Number(headerOf(exchange, 'content-length')) || 0;

export interface Sendable {
    fields: (Field & { place: string })[];
    whyNot: string;
}

export function sendableOf(exchange: Exchange): Sendable {
    const { query, parts } = exchange.request;
    const ofBody = parts.filter((part) => part.place !== 'query');
    const cut = ofBody.find((part) => part.is_cut || part.text === undefined);
    const fields = [
        ...query.map((field) => ({ ...field, place: 'query' })),
        ...ofBody.filter((part) => part.text !== undefined).map((part) => ({ name: part.name, value: part.text!, place: part.place })),
    ].filter((field) => !field.name.startsWith('oauth_'));
    if (cut) {
        return { fields, whyNot: `The recorder ${cut.text === '' ? 'did not keep' : 'keeps the first bytes only of'} "${cut.name}", so it cannot be sent again from here. The client has it.` };
    }
    if (bytesOfBody(exchange) > 0 && ofBody.length === 0) {
        return { fields, whyNot: 'The recorder did not keep the body of this call, so it cannot be sent again.' };
    }
    const masked = fields.find((field) => field.value.includes(mask));
    return { fields, whyNot: masked ? `"${masked.name}" is a secret, which the recorder masked.` : '' };
}

const sentAgain = /^(content-type|content-digest|repr-digest|want-repr-digest|idempotency-key|range|x-http-method-override|if-.+|tus-.+|upload-.+)$/i;

function bodyOf(exchange: Exchange, fields: Sendable['fields']): { body?: BodyInit; isMultipart: boolean } {
    const ofBody = fields.filter((field) => field.place !== 'query');
    const type = headerOf(exchange, 'content-type') ?? '';
    if (ofBody.length === 0) {
        return { isMultipart: false };
    }
    if (ofBody.length === 1 && ofBody[0]!.name === wholeBody) {
        return { body: ofBody[0]!.value, isMultipart: false };
    }
    if (/^application\/json\b/i.test(type)) {
        const json = Object.fromEntries(ofBody.map((field) => [field.name, /^(0|[1-9]\d{0,14})$/.test(field.value) ? Number(field.value) : field.value]));
        return { body: JSON.stringify(json), isMultipart: false };
    }
    const isMultipart = /^multipart\//i.test(type);
    const form = isMultipart ? new FormData() : new URLSearchParams();
    ofBody.forEach((field) => form.append(field.name, field.value));
    return { body: form, isMultipart };
}

// The id of the new exchange.
export async function replay(exchange: Exchange, fields: Sendable['fields']): Promise<{ id: string; status: number }> {
    const query = new URLSearchParams();
    fields.filter((field) => field.place === 'query').forEach((field) => query.append(field.name, field.value));
    const path = pathOf(exchange.request.url) + (query.size > 0 ? `?${query}` : '');
    const { body, isMultipart } = bodyOf(exchange, fields);
    const kept = exchange.request.headers.filter((field) => sentAgain.test(field.name) && !(isMultipart && /^content-type$/i.test(field.name)));
    const headers = Object.fromEntries(kept.map((field) => [field.name, field.value]));
    const answer = await raw(exchange.method, path, { owner: exchange.caller.principal, body, headers });
    await answer.arrayBuffer();
    return { id: answer.headers.get('X-Request-Id') ?? '', status: answer.status };
}
