// @tus/server with its file store, on loopback: node server.mjs PORT DIR. Ends by itself after half an hour.
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [port, directory] = [Number(process.argv[2]), process.argv[3]];
const server = new Server({ path: '/files', datastore: new FileStore({ directory }) });
server.listen({ host: '127.0.0.1', port });
setTimeout(() => process.exit(0), 1_800_000);
