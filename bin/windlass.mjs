#!/usr/bin/env node
// Runs on any Node that knows ES modules: when it is too old for Windlass, it hands over to the Node 24 that
// npm installed beside us.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  if (module.enableCompileCache) module.enableCompileCache(join(root, 'node_modules', '.cache', 'compile'));
  const { main } = await import('../cli/main.ts');
  process.exit(await main(process.argv.slice(2)));
} else {
  handOver();
}

function handOver() {
  const node = process.env.WINDLASS_REEXECUTED ? undefined : installedNode();
  if (node === undefined) {
    console.error(
      `Windlass needs Node ${NEEDED_MAJOR} or newer; this is ${process.versions.node}, and npm did not install its own beside Windlass.\n` +
        `Run npm install in ${root} (without --omit=optional), or install Node ${NEEDED_MAJOR}.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, WINDLASS_REEXECUTED: '1' },
  });
  // A terminal sends its signals to both of us; the child decides, we wait. Signals sent to us alone go on to it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

function installedNode() {
  const require = createRequire(import.meta.url);
  const program = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), program);
      if (existsSync(path)) return path;
    } catch {
      // not the package of this machine
    }
  }
  return undefined;
}
