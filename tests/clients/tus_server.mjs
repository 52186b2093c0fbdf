// @tus/server with its file store, a server of tus that is not ours: node tus_server.mjs DIR. Says its port, and ends with stdin.
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const server = new Server({ path: '/files', datastore: new FileStore({ directory: process.argv[2] }) });
const listening = server.listen({ host: '127.0.0.1', port: 0 }, () => console.log(listening.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
