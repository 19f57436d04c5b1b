/** The first DAG: greets a few people, one task instance each, and counts the letters. Runs at the first start. */
import { dag } from 'windlass';
import { z } from 'zod';

export default dag(
  'hello',
  {
    description: 'Greets a few people, then counts the letters.',
    schedule: { every: '5m' },
    // A start date in the past makes the newest interval due at once; without catchup only that one runs.
    startDate: '2026-11-01',
    catchup: false,
    maxActiveRuns: 1,
    isPausedUponCreation: false,
    tags: ['example'],
    params: z.object({
      greeting: z.string().default('Hello').describe('How to begin'),
      names: z.array(z.string()).default(['Ada', 'Grace', 'Edsger']).describe('Whom to greet'),
    }),
    docMd: 'The smallest useful pipeline: **a list, a task for each element, and a summary.**',
  },
  ({ task, map, params }) => {
    const names = task('choose_names', (ctx) => {
      ctx.log.info(`greeting ${ctx.params.names.length} people`);
      return ctx.params.names;
    });

    const greetings = map(
      'greet',
      names,
      { greeting: params.at('greeting') },
      (name, { greeting }, ctx) => {
        ctx.log.info(`${greeting}, ${name}!`);
        return `${greeting}, ${name}!`;
      },
      { label: (name) => name },
    );

    const letters = task('count_letters', { greetings }, ({ greetings }) => greetings.join('').replace(/\W/g, '').length, {
      checks: { 'somebody was greeted': (count) => count > 0 || 'no letters at all' },
    });

    return task('summarise', { greetings, letters }, ({ greetings, letters }, ctx) => {
      const summary = `${greetings.length} greetings, ${letters} letters`;
      ctx.log.info(summary, { letters });
      return summary;
    });
  },
);
