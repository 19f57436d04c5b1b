/**
 * A process of broker.test.ts. With no deliveries named, it prints the id of each that it gets; else it rings those and
 * tells the doorbell of them. It ends when its stdin does.
 */
import { openPostgresBroker } from '#platform/broker/postgres-broker.ts';
import { openRedisBroker } from '#platform/broker/redis-broker.ts';
import { systemClock } from '#platform/clock.ts';
import { quietLogger } from '#platform/logger.ts';

const [kind, url, queue, ...ids] = process.argv.slice(2) as [string, string, string, ...string[]];
const options = { url, prefix: 'test', clock: systemClock, logger: quietLogger() };
const broker = kind === 'redis' ? await openRedisBroker(options) : await openPostgresBroker(options);
if (ids.length === 0)
  await broker.consume(queue, 2, async (batch) => {
    for (const one of batch) process.stdout.write(`${one.taskInstanceId}\n`);
  });
else {
  await broker.publish(queue, [ids.map((taskInstanceId) => ({ taskInstanceId, tryNumber: 1, leaseEpoch: 0 }))]);
  broker.ring('runs_changed', { dagIds: ids });
}
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => void broker.close().then(() => process.exit(0)));
