/** The little that is asked of a bucket, of whatever maker. Each is one attempt; rejects on failure. */
export interface ObjectClient {
  put(key: string, bytes: Buffer): Promise<void>;
  /** Whole or not at all; `open` gives its bytes from the start. */
  putStream(key: string, open: () => AsyncIterable<Uint8Array>, bytes: number): Promise<void>;
  /** Null when there is none. */
  get(key: string): Promise<Buffer | null>;
  /** A piece of it. Null when there is none. */
  getRange(key: string, offset: number, length: number): Promise<Buffer | null>;
  /** Null when there is none. */
  head(key: string): Promise<ObjectInfo | null>;
  /** At most `max`: one more than that is not asked for. */
  list(prefix: string, max?: number): Promise<readonly ObjectInfo[]>;
  /** Parts of the keys between the prefix and the next slash. */
  listFolders(prefix: string): Promise<readonly string[]>;
  delete(key: string): Promise<void>;
  /** Whether the same might succeed later. */
  isTransient(error: unknown): boolean;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly updatedAtMs: number;
  /** Another text when other bytes lie under the key. */
  readonly version: string;
}
