// Sends a recorded call again: what the recorder kept of it is put together anew, in the same place
// (query, form, multipart, JSON). What it cut or masked cannot be sent.
import { raw } from '../api';
import type { Exchange, Field } from '../model';

const mask = '****';

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
        return { fields, whyNot: `The recorder keeps the first bytes of "${cut.name}" only, so it cannot be sent again from here. The client has the rest.` };
    }
    if (exchange.request.body_bytes > 0 && ofBody.length === 0) {
        return { fields, whyNot: 'The recorder did not keep the body of this call, so it cannot be sent again.' };
    }
    const masked = fields.find((field) => field.value.includes(mask));
    return { fields, whyNot: masked ? `"${masked.name}" is a secret, which the recorder masked.` : '' };
}

function bodyOf(fields: Sendable['fields']): { body?: BodyInit; headers: Record<string, string> } {
    const ofBody = fields.filter((field) => field.place !== 'query');
    if (ofBody.length === 0) {
        return { headers: {} };
    }
    if (ofBody[0]!.place === 'json') {
        const json = Object.fromEntries(ofBody.map((field) => [field.name, /^(0|[1-9]\d{0,14})$/.test(field.value) ? Number(field.value) : field.value]));
        return { body: JSON.stringify(json), headers: { 'Content-Type': 'application/json' } };
    }
    if (ofBody[0]!.place === 'multipart') {
        const form = new FormData();
        ofBody.forEach((field) => form.append(field.name, field.value));
        return { body: form, headers: {} };
    }
    const form = new URLSearchParams();
    ofBody.forEach((field) => form.append(field.name, field.value));
    return { body: form, headers: {} };
}

// The id of the new exchange.
export async function replay(exchange: Exchange, fields: Sendable['fields']): Promise<{ id: string; status: number }> {
    const url = new URL(exchange.request.url);
    const query = new URLSearchParams();
    fields.filter((field) => field.place === 'query').forEach((field) => query.append(field.name, field.value));
    const path = url.pathname + (query.size > 0 ? `?${query}` : '');
    const { body, headers } = bodyOf(fields);
    const answer = await raw(exchange.method, path, { owner: exchange.caller.principal, body, headers });
    await answer.arrayBuffer();
    return { id: answer.headers.get('X-Request-Id') ?? '', status: answer.status };
}
