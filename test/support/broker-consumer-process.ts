/** A worker process of broker.test.ts: prints the id of each delivery it gets; ends when its stdin does. */
import { openPostgresBroker } from '#platform/broker/postgres-broker.ts';
import { openRedisBroker } from '#platform/broker/redis-broker.ts';
import { systemClock } from '#platform/clock.ts';
import { quietLogger } from '#platform/logger.ts';

const [kind, url, queue] = process.argv.slice(2) as [string, string, string];
const options = { url, prefix: 'test', clock: systemClock, logger: quietLogger() };
const broker = kind === 'redis' ? await openRedisBroker(options) : await openPostgresBroker(options);
await broker.consume(queue, 2, async (batch) => {
  for (const one of batch) process.stdout.write(`${one.taskInstanceId}\n`);
});
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => void broker.close().then(() => process.exit(0)));
