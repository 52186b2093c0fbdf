import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

// A compressed twin beside each text, for the program to serve.
function gzipTwins(): Plugin {
    let folder = '';
    return {
        name: 'gzip-twins',
        apply: 'build',
        configResolved(config) {
            folder = config.build.outDir;
        },
        closeBundle() {
            for (const name of readdirSync(folder, { recursive: true }) as string[]) {
                if (/\.(js|css|html|svg)$/.test(name)) {
                    const file = join(folder, name);
                    writeFileSync(file + '.gz', gzipSync(readFileSync(file), { level: 9 }));
                }
            }
        },
    };
}

export default defineConfig({
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
    build: {
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 700,
        reportCompressedSize: false,
    },
    plugins: [gzipTwins()],
});
