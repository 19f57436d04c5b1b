/**
 * Makes the modules that DAG bundles import instead of carrying the sdk and the providers themselves. They are found in the
 * database by the sources they were made of, so that only the first start after an upgrade makes them.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Queryable } from '#platform/db/client.ts';
import { findSdkBundle, holdSdkBundle, saveSdkBundle } from '#platform/db/queries/sdk-bundles.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { type SdkModules, sdkHash } from '#platform/sdk-bundle.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { FORM, keepConnectorsOutside, whileBundling } from './bundle.ts';
import { partsOfSdk } from './resolve-windlass.ts';

export interface SdkOutside {
  readonly hash: string;
  readonly modules: SdkModules;
  /** Of the sources of this installation. */
  readonly sourceKey: string;
}

/** Beside what DAG files import: what a sealed realm needs to describe the DAGs of one. */
export const DESCRIBE_MODULE = 'describe-dags.mjs';
/** Raised when modules are made otherwise of the same sources. */
const FORM_VERSION = 1;
const SOURCES = ['core/**/*.ts', 'sdk/**/*.ts', 'providers/**/*.ts', 'package.json', 'package-lock.json'];

/** Returns the sdk of this installation, and sees to it that workers can load it. */
export async function openSdkOutside(db: Queryable): Promise<SdkOutside> {
  const sourceKey = keyOfSources();
  const known = await findSdkBundle(db, sourceKey);
  if (known !== null) return { hash: sdkHash(known), modules: known, sourceKey };
  const modules = await makeSdkModules();
  const hash = sdkHash(modules);
  await saveSdkBundle(db, { hash, sourceKey, modules, madeBy: WINDLASS_VERSION });
  return { hash, modules, sourceKey };
}

/** In the transaction that saves bundles: what they import is there when it ends, also if retention had just removed it. */
export async function keepSdkOutside(tx: Queryable, { hash, sourceKey, modules }: SdkOutside): Promise<void> {
  if (!(await holdSdkBundle(tx, hash))) await saveSdkBundle(tx, { hash, sourceKey, modules, madeBy: WINDLASS_VERSION });
}

/** Exported for tests that save DAG versions without a DAG processor. */
export async function makeSdkModules(): Promise<SdkModules> {
  // The others are what providers share.
  const providers = readdirSync(join(INSTALLATION_FOLDER, 'providers')).filter((name) =>
    existsSync(join(INSTALLATION_FOLDER, 'providers', name, 'index.ts')),
  );
  const parts = { ...partsOfSdk(providers), [DESCRIBE_MODULE]: 'sdk/runtime/describe-dags.ts' };
  const outdir = '/sdk';
  const { outputFiles } = await whileBundling(() =>
    build({
      ...FORM,
      entryPoints: Object.fromEntries(Object.entries(parts).map(([module, source]) => [module.replace(/\.mjs$/, ''), source])),
      absWorkingDir: INSTALLATION_FOLDER,
      outdir,
      splitting: true,
      chunkNames: 'chunks/[hash]',
      outExtension: { '.js': '.mjs' },
      plugins: [keepConnectorsOutside()],
    }),
  );
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.slice(outdir.length + 1), text]));
}

/** Of all that the modules are made of: packages by the lockfile that fixes them. */
function keyOfSources(): string {
  const hash = createHash('sha256').update(`${FORM_VERSION}`);
  for (const path of globSync(SOURCES, { cwd: INSTALLATION_FOLDER }).sort())
    hash.update(JSON.stringify([path, readFileSync(join(INSTALLATION_FOLDER, path), 'utf8')]));
  return hash.digest('hex');
}
