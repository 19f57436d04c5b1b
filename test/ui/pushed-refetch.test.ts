/**
 * Goal: what a push names is shown, also when the push comes while an older answer is on its way; and a query that is
 * slower than the pushes shows its answers all the same.
 */
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '#test/support/until.ts';
import { type PushedRefetch, pushedRefetch } from '../../ui-kit/pushed-refetch.ts';

let client: QueryClient;
let pushed: PushedRefetch;
/** Requests that were begun; each is answered when the test says so, with its number. */
let requests: { answer(): void; fail(): void; readonly signal: AbortSignal }[];
let unwatch: () => void;
const KEY = ['dags', 'approvals', 'open'];

function watch(): () => void {
  const observer = new QueryObserver(client, {
    queryKey: KEY,
    retry: false,
    queryFn: ({ signal }) =>
      new Promise<number>((resolve, reject) => {
        const number = requests.length + 1;
        requests.push({ answer: () => resolve(number), fail: () => reject(new Error('no answer')), signal });
      }),
  });
  return observer.subscribe(() => undefined);
}

const shown = () => client.getQueryData<number>(KEY);
const idle = () => client.getQueryState(KEY)?.fetchStatus === 'idle';
const asked = (times: number) => until(() => requests.length === times, { what: `request ${times}` });

beforeEach(() => {
  client = new QueryClient();
  pushed = pushedRefetch(client);
  requests = [];
  unwatch = watch();
});
afterEach(() => {
  unwatch();
  pushed.close();
  client.clear();
});

describe('a push', () => {
  test('makes a query that rests be asked again, once', async () => {
    requests[0]?.answer();
    await until(idle, { what: 'the first answer' });
    pushed.refetch(['dags']);
    await asked(2);
    requests[1]?.answer();
    await until(() => shown() === 2 && idle(), { what: 'the second answer' });
    expect(requests).toHaveLength(2);
  });

  test('during the very first request is answered by a second one', async () => {
    pushed.refetch(['dags']);
    expect(requests).toHaveLength(1);
    requests[0]?.answer();
    await asked(2);
    expect(shown()).toBe(1);
    requests[1]?.answer();
    await until(() => shown() === 2 && idle(), { what: 'the second answer' });
  });

  test('repeated during one request makes one more request, not one for each', async () => {
    for (let times = 0; times < 5; times++) pushed.refetch(['dags']);
    requests[0]?.answer();
    await asked(2);
    requests[1]?.answer();
    await until(() => shown() === 2 && idle(), { what: 'the second answer' });
    expect(requests).toHaveLength(2);
  });

  test('never cancels a request: every answer of a slow query is shown, however steady the pushes', async () => {
    for (let round = 1; round <= 10; round++) {
      await asked(round);
      pushed.refetch(['dags']);
      pushed.refetch();
      requests[round - 1]?.answer();
      await until(() => shown() === round, { what: `answer ${round}` });
    }
    expect(requests.filter(({ signal }) => signal.aborted)).toEqual([]);
  });

  test('is not lost when the request that was running fails', async () => {
    pushed.refetch(['dags']);
    requests[0]?.fail();
    await asked(2);
  });

  test('for other queries leaves a running one alone', async () => {
    pushed.refetch(['assets']);
    requests[0]?.answer();
    await until(() => shown() === 1 && idle(), { what: 'the answer' });
    expect(requests).toHaveLength(1);
  });

  test('for a query that left the page before its answer makes it ask when it comes back', async () => {
    requests[0]?.answer();
    await until(idle, { what: 'the first answer' });
    pushed.refetch(['dags']);
    await asked(2);
    pushed.refetch(['dags']);
    unwatch();
    await until(() => client.getQueryState(KEY)?.isInvalidated === true, { what: 'the query is known to be stale' });
  });
});
