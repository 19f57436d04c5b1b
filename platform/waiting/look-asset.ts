/** Looks once at the place of a watched asset. What it finds is a mark: it differs when the place has changed. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { LookedSpec } from '#core/assets/watch.ts';
import { assertNever } from '#core/errors.ts';
import { type LookDeps, look } from './look.ts';

export interface Sight {
  /** Null = there is nothing. */
  readonly mark: string | null;
  /** Stored with the event. */
  readonly extra: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 30_000;
const PAGE_MAX_BYTES = 8 * 1024 * 1024;

/** Rejects on trouble that may pass: look again later. */
export async function lookAtAsset(watch: Exclude<LookedSpec, { kind: 'objects' }>, deps: LookDeps): Promise<Sight> {
  switch (watch.kind) {
    case 'file':
      return lookAtFile(watch.path);
    case 'http':
      return lookAtPage(watch.url, deps.signal);
    case 'sql':
      return lookAtRow(watch, deps);
    default:
      return assertNever(watch);
  }
}

async function lookAtFile(path: string): Promise<Sight> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (info === null) return { mark: null, extra: {} };
  return { mark: `${info.mtimeMs}/${info.size}`, extra: { path, bytes: info.size, modified: info.mtime.toISOString() } };
}

/** By what the server says of the page's version, or by its content. */
async function lookAtPage(url: string, signal: AbortSignal): Promise<Sight> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (response.status === 404 || response.status === 410) {
    await response.body?.cancel();
    return { mark: null, extra: {} };
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status}`);
  }
  const version = response.headers.get('etag') ?? response.headers.get('last-modified');
  if (version !== null) {
    await response.body?.cancel();
    return { mark: version, extra: { url, version } };
  }
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > PAGE_MAX_BYTES)
      throw new Error(`the page has more than ${PAGE_MAX_BYTES / 1024 / 1024} MiB and neither ETag nor Last-Modified`);
    hash.update(part);
  }
  return { mark: hash.digest('hex'), extra: { url, bytes: size } };
}

async function lookAtRow(watch: Extract<LookedSpec, { kind: 'sql' }>, deps: LookDeps): Promise<Sight> {
  const seen = await look('sql', { connection: watch.connection, sql: watch.sql }, deps);
  switch (seen.seen) {
    case 'found': {
      const text = JSON.stringify(seen.value);
      return { mark: createHash('sha256').update(text).digest('hex'), extra: { row: JSON.parse(text) as unknown } };
    }
    case 'nothing':
      return { mark: null, extra: {} };
    case 'hopeless':
      throw new Error(seen.error.message);
    case 'skip':
      throw new Error(seen.reason);
    default:
      return assertNever(seen);
  }
}
