/**
 * The push stream: the server names what changed, the queries that show it are asked again. While the stream is
 * down everything on screen is asked for every few seconds instead, and the header says so.
 */
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { type PushedRefetch, pushedRefetch } from '#ui-kit/pushed-refetch.ts';
import type { StreamStatus } from '#ui-kit/stream-light.tsx';
import type { UiChange } from '../../../ui-api/types.ts';
import { uiApi } from './paths.ts';
import { keysOf } from './topics.ts';
import { whileVisible } from './while-visible.ts';

const StreamContext = createContext<StreamStatus>('connecting');

/** Whether this page is pushed to right now. */
export function useStreamStatus(): StreamStatus {
  return useContext(StreamContext);
}

/** Bursts of topics become one round of refetches. */
const GATHER_MS = 150;
const POLL_MS = 5_000;
/** An EventSource that gave up (a refused answer) is opened anew after this long. */
const REOPEN_MS = 4_000;

function refetchTopics(pushed: PushedRefetch, topics: ReadonlySet<string>): void {
  const keys = new Map<string, QueryKey>();
  for (const topic of topics) for (const key of keysOf(topic)) keys.set(JSON.stringify(key), key);
  for (const queryKey of keys.values()) pushed.refetch(queryKey);
}

/** Opens the stream and calls back; gives the function that closes it. */
function openStream(onStatus: (status: StreamStatus) => void, onTopics: (topics: readonly string[]) => void): () => void {
  let source: EventSource | null = null;
  let reopenTimer: number | undefined;
  const open = () => {
    source = new EventSource(uiApi.stream);
    source.onopen = () => onStatus('live');
    source.onerror = () => {
      onStatus('polling');
      if (source?.readyState !== EventSource.CLOSED) return;
      reopenTimer = window.setTimeout(open, REOPEN_MS);
    };
    source.addEventListener('change', (event) => onTopics((JSON.parse((event as MessageEvent<string>).data) as UiChange).topics));
  };
  return whileVisible(open, () => {
    window.clearTimeout(reopenTimer);
    source?.close();
    // Whatever happens until it opens again has to be caught up with.
    onStatus('connecting');
  });
}

/** Keeps the whole app fresh. */
export function StreamProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<StreamStatus>('connecting');

  useEffect(() => {
    const pushed = pushedRefetch(client);
    const waiting = new Set<string>();
    let gatherTimer: number | undefined;
    let wasDown = false;
    const close = openStream(
      (next) => {
        setStatus(next);
        // Whatever happened while the stream was down has to be caught up with.
        if (next === 'live' && wasDown) pushed.refetch();
        wasDown = next !== 'live';
      },
      (topics) => {
        for (const topic of topics) waiting.add(topic);
        gatherTimer ??= window.setTimeout(() => {
          gatherTimer = undefined;
          refetchTopics(pushed, waiting);
          waiting.clear();
        }, GATHER_MS);
      },
    );
    return () => {
      window.clearTimeout(gatherTimer);
      close();
      pushed.close();
    };
  }, [client]);

  useEffect(() => {
    if (status !== 'polling') return;
    // An answer that takes longer than this is waited for: it must not be cancelled by the next time.
    const timer = window.setInterval(() => void client.invalidateQueries({}, { cancelRefetch: false }), POLL_MS);
    return () => window.clearInterval(timer);
  }, [status, client]);

  return <StreamContext.Provider value={status}>{children}</StreamContext.Provider>;
}
