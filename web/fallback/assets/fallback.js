// The console without a build: list, upload, errors.
const ask = async (method, path, body) => {
    const headers = { 'Sluice-Console': '1' };
    if (body && !(body instanceof FormData)) {
        headers['Content-Type'] = 'application/json';
        body = JSON.stringify(body);
    }
    const answer = await fetch(path, { method, headers, body });
    const json = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) {
        throw new Error([json.title, json.detail, json.hint, json.code && `(${json.code})`].filter(Boolean).join(' '));
    }
    return json;
};

const say = (text) => {
    document.getElementById('said').textContent = text;
};

const cell = (row, text) => {
    row.insertCell().textContent = text;
};

async function show() {
    let all = '/api/v1/uploads?limit=50&owner=all';
    const session = await ask('GET', '/api/v1/session');
    if (session.auth === 'keys') {
        all = '/api/v1/uploads?limit=50';
    }
    const list = await ask('GET', all);
    const rows = document.getElementById('rows');
    rows.replaceChildren();
    for (const upload of list.data) {
        const row = rows.insertRow();
        cell(row, upload.file_name || upload.media_id);
        cell(row, `${upload.state} ${upload.processing.progress_percent} %`);
        cell(row, `${upload.received_bytes} of ${upload.size_bytes}`);
        cell(row, upload.processing.error ? upload.processing.error.message : upload.state === 'open' ? 'not finished: bytes or FINALIZE are missing' : '');
    }
}

async function signIn() {
    const code = location.pathname === '/login' ? location.hash.slice(1) : '';
    if (code) {
        await fetch('/api/v1/session', { method: 'POST', headers: { 'Sluice-Link': code } });
        history.replaceState(null, '', '/');
    }
}

async function upload(file) {
    const kind = file.type.startsWith('video/') ? 'tweet_video' : file.type === 'image/gif' ? 'tweet_gif' : 'tweet_image';
    const made = await ask('POST', '/2/media/upload/initialize', { media_type: file.type, total_bytes: file.size, media_category: kind, file_name: file.name });
    const size = 4 << 20;
    for (let index = 0; index * size < file.size; ++index) {
        const form = new FormData();
        form.append('segment_index', String(index));
        form.append('media', file.slice(index * size, (index + 1) * size), file.name);
        await ask('POST', `/2/media/upload/${made.data.id}/append`, form);
        say(`${Math.min(100, Math.round(((index + 1) * size * 100) / file.size))} % of ${file.name} sent`);
    }
    await ask('POST', `/2/media/upload/${made.data.id}/finalize`);
    say(`${file.name} is sent`);
}

document.getElementById('send').addEventListener('submit', (event) => {
    event.preventDefault();
    upload(document.getElementById('file').files[0]).catch((error) => say(error.message)).then(show);
});
const turn = () => show().catch((error) => say(error.message));
signIn().then(turn);
setInterval(turn, 3000);
