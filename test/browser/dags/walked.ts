import { dag } from 'windlass';
import { z } from 'zod';

export default dag(
  'walked',
  {
    isPausedUponCreation: false,
    description: 'Walked by the browser test',
    params: z.object({ name: z.string().min(2).default('world'), times: z.number().int().min(1).max(9).default(2) }),
  },
  ({ task, map }) => {
    const words = task('words', (ctx) => Array.from({ length: ctx.params.times }, (_, index) => `${ctx.params.name} ${index}`));
    const shouted = map('shout', words, (word, ctx) => {
      ctx.log.info(`shouting ${word}`);
      return word.toUpperCase();
    });
    task('say', { shouted }, ({ shouted }, ctx) => {
      ctx.log.info(`said: ${shouted.join(' and ')}`);
      console.log('<img src=x onerror=alert(1)>');
    });
  },
);
