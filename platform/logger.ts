/**
 * The server's own log: pino, JSON lines, UTC. Fixed event names (noun.verb, past tense) and fields in
 * snake_case. A task's output never goes here.
 */
import { type LoggerOptions, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

const SECRET_KEYS = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'database_url',
  'redis_url',
  '*.password',
  '*.token',
  '*.secret',
];

/** Clients hang on their errors what they were doing: commands with passwords, sockets, the whole process with its environment. */
function shownError(error: Error): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code } = pino.stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
}

export interface LoggerConfig {
  readonly level: string;
  /** `pretty` for a person at a terminal, `json` for everything else. */
  readonly format: 'json' | 'pretty';
  readonly service: string;
}

export function createLogger(config: LoggerConfig): Logger {
  const options: LoggerOptions = {
    level: config.level,
    base: { service: config.service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: shownError },
    redact: { paths: SECRET_KEYS, censor: '***' },
  };
  if (config.format === 'json') return pino(options, lastingStderr());
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: {
        destination: 2,
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname,event,service',
        messageFormat: '[{service}] {msg}',
      },
    },
  });
}

/**
 * Standard error that may go away: when standalone is killed, its roles still have to stop in order. The first
 * failed write ends the logging. It must be noticed at once (`sync`): a write still under way when the process
 * ends would be tried again for ever by the flush at exit.
 */
function lastingStderr(): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ dest: 2, sync: true });
  destination.on('error', () => {
    Object.assign(destination, { write: () => true, flushSync: () => {}, end: () => {} });
  });
  return destination;
}

/** For tests and short commands: says nothing below `error`. */
export function quietLogger(): Logger {
  return pino({ level: process.env['WINDLASS_TEST_LOG'] ?? 'silent' }, pino.destination(2));
}
