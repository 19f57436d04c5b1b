/**
 * The push stream: the monitor names what changed, the queries that show it are asked again. The two-second
 * tick of the queries goes on when the stream is down, and the header says which of the two it is.
 */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { type PushedRefetch, pushedRefetch } from '#ui-kit/pushed-refetch.ts';
import type { StreamStatus } from '#ui-kit/stream-light.tsx';
import type { MonitorChange } from '../../../api/types.ts';
import { api } from './paths.ts';

const StreamContext = createContext<StreamStatus>('connecting');

/** Whether this page is pushed to right now. */
export function useStreamStatus(): StreamStatus {
  return useContext(StreamContext);
}

/** An EventSource that gave up (a refused answer) is opened anew after this long. */
const REOPEN_MS = 4_000;
/** Busy clusters ring all the time; a page is redrawn at most this often. */
const GATHER_MS = 400;

/** Queries that show something of a topic: a run's change moves tasks, queues and what workers do. */
const KEYS: Readonly<Record<'workers' | 'run' | '*', readonly string[]>> = {
  workers: ['workers', 'overview', 'queues'],
  run: ['tasks', 'workers', 'overview', 'queues'],
  '*': ['tasks', 'workers', 'overview', 'queues'],
};

function refetchTopics(pushed: PushedRefetch, topics: ReadonlySet<string>): void {
  const kinds = new Set([...topics].map((topic) => (topic.startsWith('run:') ? 'run' : topic)));
  const keys = new Set([...kinds].flatMap((kind) => (Object.hasOwn(KEYS, kind) ? KEYS[kind as keyof typeof KEYS] : [])));
  for (const key of keys) pushed.refetch([key]);
}

/** Keeps the whole app fresh. */
export function StreamProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<StreamStatus>('connecting');

  useEffect(() => {
    const pushed = pushedRefetch(client);
    const waiting = new Set<string>();
    let source: EventSource;
    let reopenTimer: number | undefined;
    let gatherTimer: number | undefined;
    const gather = (event: MessageEvent<string>) => {
      for (const topic of (JSON.parse(event.data) as MonitorChange).topics) waiting.add(topic);
      gatherTimer ??= window.setTimeout(() => {
        gatherTimer = undefined;
        if (!document.hidden) refetchTopics(pushed, waiting);
        waiting.clear();
      }, GATHER_MS);
    };
    const open = () => {
      source = new EventSource(api.stream);
      source.onopen = () => setStatus('live');
      source.onerror = () => {
        setStatus('polling');
        if (source.readyState === EventSource.CLOSED) reopenTimer = window.setTimeout(open, REOPEN_MS);
      };
      source.addEventListener('change', gather);
    };
    open();
    return () => {
      window.clearTimeout(reopenTimer);
      window.clearTimeout(gatherTimer);
      source.close();
      pushed.close();
    };
  }, [client]);

  return <StreamContext.Provider value={status}>{children}</StreamContext.Provider>;
}
