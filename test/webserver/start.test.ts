// Goal: a web server loads at its start only what every one of them needs. Method: import the app in a process of its own, whose
// module loader names the packages it was asked for.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const APP = fileURLToPath(new URL('../../webserver/app.ts', import.meta.url));
const FRAMES = fileURLToPath(new URL('../../platform/frames/frame-preview.ts', import.meta.url));

/** Packages that a process loads when it imports this module. */
function packagesOf(module: string): readonly string[] {
  const script = `
    const { registerHooks } = await import('node:module');
    const seen = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url) ?? [];
        if (name !== undefined) seen.add(name);
        return found;
      },
    });
    await import(${JSON.stringify(module)});
    console.log(JSON.stringify([...seen]));
    process.exit(0);`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as string[];
}

it('does without what few web servers are ever asked for', () => {
  const loaded = packagesOf(APP);
  expect(loaded).toContain('fastify');
  const large = ['apache-arrow', 'ajv', 'yaml', '@duckdb/node-api', '@aws-sdk/client-s3', '@google-cloud/storage'];
  expect(loaded.filter((name) => large.includes(name))).toEqual([]);
});

it('would be seen to load what shows a frame', () => {
  expect(packagesOf(FRAMES)).toContain('apache-arrow');
});
