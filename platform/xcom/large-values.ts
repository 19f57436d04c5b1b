/** Values that lie in the XCom backend, read and written. Parsed values are kept a while: thousands of instances may want elements of one list. */

import { AppError } from '#core/errors.ts';
import { probe } from '../probes/probe.ts';
import type { XcomBackend, XcomRef } from './backend.ts';

const KEPT_MAX = 16;

export class LargeValues {
  readonly #backend: XcomBackend | null;
  readonly #thresholdBytes: number;
  readonly #parsed = new Map<string, Promise<unknown>>();

  constructor(backend: XcomBackend | null, thresholdBytes: number) {
    this.#backend = backend;
    this.#thresholdBytes = thresholdBytes;
  }

  /** Null = it is small enough for Postgres, or there is no backend. */
  async put(dagRunId: string, valueJson: string, bytes: number): Promise<XcomRef | null> {
    if (this.#backend === null || bytes <= this.#thresholdBytes) return null;
    probe('xcom.before_put');
    const ref = await this.#backend.put(dagRunId, Buffer.from(valueJson));
    probe('xcom.after_put');
    return ref;
  }

  /** The value, as it was stored. A reference always leads to the same one. Throws NOT_FOUND. */
  get(ref: string): Promise<unknown> {
    const known = this.#parsed.get(ref);
    if (known !== undefined) return known;
    const read = this.#read(ref);
    this.#parsed.set(ref, read);
    if (this.#parsed.size > KEPT_MAX) this.#parsed.delete(this.#parsed.keys().next().value as string);
    read.catch(() => this.#parsed.delete(ref));
    return read;
  }

  async #read(ref: string): Promise<unknown> {
    if (this.#backend === null) return missingBackend(ref);
    return JSON.parse((await this.#backend.get(ref)).toString('utf8'));
  }
}

function missingBackend(ref: string): never {
  throw new AppError(
    'NOT_FOUND',
    `A value lies in an XCom backend (${ref}), but this process knows none. Give it the same WINDLASS_XCOM_BACKEND as the others.`,
  );
}
