/**
 * Reads one attempt's log: pages until nothing is left, then, while the attempt runs, the live stream from
 * there; when the stream breaks, pages again by time. New lines are shown at most once a frame.
 */
import { useEffect, useState } from 'react';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiLogLine, UiLogPage } from '../../../ui-api/types.ts';
import { request } from '../api/http.ts';
import { uiApi } from '../api/paths.ts';
import { whileVisible } from '../api/while-visible.ts';

export interface LogAddress {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

export interface LogState {
  /** Grows in place; `revision` changes whenever it did. */
  readonly lines: readonly UiLogLine[];
  readonly revision: number;
  readonly status: 'loading' | 'live' | 'ended' | 'failed';
  readonly error: Error | null;
}

const EMPTY: LogState = { lines: [], revision: 0, status: 'loading', error: null };
const POLL_MS = 2_000;

class LogReader {
  readonly #path: string;
  readonly #query: { map_index: number; try: number };
  readonly #publish: (state: LogState) => void;
  readonly #abort = new AbortController();
  readonly #lines: UiLogLine[] = [];
  #offset = 0;
  #revision = 0;
  #status: LogState['status'] = 'loading';
  #error: Error | null = null;
  #frame: number | undefined;
  #timer: number | undefined;
  #source: EventSource | null = null;
  #isResting = false;

  constructor(address: LogAddress, publish: (state: LogState) => void) {
    this.#path = uiApi.log(address.dagId, address.runId, address.taskId);
    this.#query = { map_index: address.mapIndex, try: address.tryNumber };
    this.#publish = publish;
  }

  /** Reads pages until one brings nothing new, then goes live unless the attempt has ended. */
  async readPages(): Promise<void> {
    this.#isResting = false;
    try {
      let page: UiLogPage;
      do {
        page = await request<UiLogPage>(
          'GET',
          this.#path + queryString({ ...this.#query, offset: this.#offset }),
          undefined,
          this.#abort.signal,
        );
      } while (this.#take(page) && !this.#abort.signal.aborted);
      if (page.ended) this.#show('ended');
      else if (!this.#isResting) this.#goLive();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#show('failed');
      this.#timer = window.setTimeout(() => void this.readPages(), POLL_MS * 2);
    }
  }

  /** Gives the connection back; `readPages` goes on from where it was. */
  rest(): void {
    this.#isResting = true;
    this.#source?.close();
    window.clearTimeout(this.#timer);
  }

  stop(): void {
    this.#abort.abort();
    this.rest();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  /** Appends a page; false when it brought nothing new. */
  #take(page: UiLogPage): boolean {
    const isNew = page.nextOffset > this.#offset;
    if (isNew) for (const line of page.lines) this.#lines.push(line);
    this.#offset = Math.max(this.#offset, page.nextOffset);
    this.#error = null;
    this.#show(this.#status === 'failed' ? 'loading' : this.#status);
    return isNew;
  }

  #goLive(): void {
    this.#show('live');
    const source = new EventSource(`${this.#path}/stream${queryString({ ...this.#query, offset: this.#offset })}`);
    this.#source = source;
    source.addEventListener('lines', (event) => {
      const page = JSON.parse((event as MessageEvent<string>).data) as UiLogPage;
      this.#take(page);
    });
    source.addEventListener('end', () => {
      source.close();
      this.#show('ended');
    });
    source.onerror = () => {
      // A reconnect by the browser would start at the old offset: read pages from here instead.
      source.close();
      if (this.#abort.signal.aborted) return;
      this.#timer = window.setTimeout(() => void this.readPages(), POLL_MS);
    };
  }

  #show(status: LogState['status']): void {
    this.#status = status;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#revision++;
      this.#publish({ lines: this.#lines, revision: this.#revision, status: this.#status, error: this.#error });
    });
  }
}

/** The log of one attempt; starts anew when the address changes. */
export function useLog({ dagId, runId, taskId, mapIndex, tryNumber }: LogAddress): LogState {
  const [state, setState] = useState<LogState>(EMPTY);
  useEffect(() => {
    setState(EMPTY);
    const reader = new LogReader({ dagId, runId, taskId, mapIndex, tryNumber }, setState);
    const end = whileVisible(
      () => void reader.readPages(),
      () => reader.rest(),
    );
    return () => {
      end();
      reader.stop();
    };
  }, [dagId, runId, taskId, mapIndex, tryNumber]);
  return state;
}
