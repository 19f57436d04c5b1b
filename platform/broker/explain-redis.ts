/** What Redis answers when it cannot do its work, in words that say what to do. Windlass goes on by itself when it can again. */
import { AppError } from '#core/errors.ts';

/** By the first word of the answer. */
const ANSWERS: Readonly<Record<string, string>> = {
  OOM: 'Redis has no memory left (maxmemory). Give it more, or see what fills it: redis-cli info memory.',
  READONLY: 'this Redis is a replica that takes no writes. Point REDIS_URL at the primary.',
  LOADING: 'Redis is loading its data after a start.',
  MISCONF: 'Redis cannot save to its disk and refuses writes. Free some room there, or turn its snapshots off: Windlass needs none.',
  BUSY: 'Redis is busy with a script of somebody else.',
  MASTERDOWN: 'this Redis is a replica that has lost its primary.',
  CLUSTERDOWN: 'the Redis cluster is down.',
  NOAUTH: 'Redis wants a password. Put it into REDIS_URL: redis://:password@host:6379/0.',
  WRONGPASS: 'Redis refuses the user or the password of REDIS_URL.',
  NOPERM: 'the user of REDIS_URL may not do what Windlass needs. Allow it all commands on the keys of its prefix.',
};

/** Answers that no waiting mends: somebody has to change REDIS_URL. */
const FINAL = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);

export function explainRedis(error: Error): AppError {
  const word = answerOf(error);
  if (/DB index/.test(error.message))
    return new AppError(
      'BROKER_UNAVAILABLE',
      'Redis has no database with the number of REDIS_URL. Use one that it has, such as redis://host:6379/0.',
      { final: true },
      { cause: error },
    );
  const words =
    word === undefined ? `Redis cannot be reached: ${error.message}. Check REDIS_URL, and that the server runs.` : ANSWERS[word];
  return new AppError('BROKER_UNAVAILABLE', words as string, { final: word !== undefined && FINAL.has(word) }, { cause: error });
}

/** BullMQ puts words of its own around an answer of a script. */
function answerOf(error: Error): string | undefined {
  const words = error.message.match(/\b[A-Z]{3,}\b/g) ?? [];
  return words.find((word) => Object.hasOwn(ANSWERS, word));
}
