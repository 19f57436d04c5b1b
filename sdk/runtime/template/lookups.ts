/**
 * Connections, variables and XComs for templates. They come from the supervisor, so a rendering cannot have them
 * at once: it is stopped with what it lacks, that is fetched, and the rendering begins again. So only what a
 * template really reaches is fetched, names may be computed, and no fetched value can change meanwhile.
 */
import { type ErrorCode, isAppError } from '#core/errors.ts';
import { isSensitiveKey } from '#core/sensitive-key.ts';
import type { EarlierRun, RequestBody, XcomPlace } from '#core/task-protocol.ts';
import type { TaskHost } from '../task-host.ts';
import { decodeValue } from '../value-codec.ts';
import { Signal } from './signal.ts';
import { TemplateError } from './template-error.ts';
import { Missing, ownValue, wrap } from './values.ts';

type Wanted = Extract<RequestBody, { what: 'connection' | 'variable' | 'xcom_pull' | 'earlier_success' }>;

/** The rendering lacks this. */
export class Lacking extends Signal {
  readonly wanted: Wanted;

  constructor(wanted: Wanted) {
    super('a template lacks a value');
    this.wanted = wanted;
  }
}

const NAME_CHARS_MAX = 250;
/** Of one attempt. */
const LOOKUPS_MAX = 100;
const ABSENT: ReadonlySet<ErrorCode> = new Set(['CONNECTION_NOT_FOUND', 'NOT_FOUND']);

export class Lookups {
  /** Texts that must not show in the log. */
  readonly secrets = new Set<string>();
  readonly #host: TaskHost;
  readonly #found = new Map<string, unknown>();

  constructor(host: TaskHost) {
    this.#host = host;
  }

  /** The connection's fields; Missing when there is none. Throws Lacking. */
  connection(id: string): unknown {
    return this.#get({ what: 'connection', id: checkName('connection', id) });
  }

  /** Its text; Missing when there is none. Throws Lacking. */
  variable(key: string): unknown {
    const value = this.#get({ what: 'variable', key: checkName('variable', key) });
    if (value !== null) return value;
    return new Missing(() => new TemplateError(noVariable(key), { code: 'NOT_FOUND' }));
  }

  /** Undefined when there is none. Throws Lacking. */
  xcom(taskId: string, key: string, place: XcomPlace = {}): unknown {
    return this.#get({ what: 'xcom_pull', taskId: checkName('task', taskId), key: checkName('xcom', key), ...place });
  }

  /** Null when no run before this one has succeeded. Throws Lacking. */
  earlierSuccess(): EarlierRun | null {
    return this.#get({ what: 'earlier_success' }) as EarlierRun | null;
  }

  #get(wanted: Wanted): unknown {
    const key = JSON.stringify(wanted);
    if (!this.#found.has(key)) throw new Lacking(wanted);
    return this.#found.get(key);
  }

  /** Rejects with the supervisor's error unless it says that there is no such thing. */
  async fetch(wanted: Wanted): Promise<void> {
    if (this.#found.size >= LOOKUPS_MAX)
      throw new TemplateError(`The templates of a task may look up at most ${LOOKUPS_MAX} connections, variables and XComs.`);
    const value = await this.#host.request(wanted).catch((error: unknown) => {
      if (!isAppError(error) || !ABSENT.has(error.code)) throw error;
      return new Missing(() => new TemplateError(error.message, { code: error.code }));
    });
    this.#found.set(JSON.stringify(wanted), this.#read(wanted, value));
  }

  #read(wanted: Wanted, value: unknown): unknown {
    if (value instanceof Missing) return value;
    switch (wanted.what) {
      case 'xcom_pull':
        return value === null || value === undefined ? undefined : decodeValue(value);
      case 'variable':
        if (typeof value === 'string' && isSensitiveKey(wanted.key)) this.secrets.add(value);
        return value ?? null;
      case 'earlier_success':
        return value ?? null;
      case 'connection': {
        const fields = wrap(value);
        if (typeof fields !== 'object' || fields === null) return value;
        for (const name of ['password', 'extra']) this.#hide(ownValue(fields as never, name));
        return value;
      }
    }
  }

  #hide(value: unknown): void {
    if (typeof value === 'string') this.secrets.add(value);
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) this.#hide(part);
  }
}

function checkName(what: string, name: string): string {
  if (name !== '' && name.length <= NAME_CHARS_MAX && !name.includes('\0')) return name;
  throw new TemplateError(`The name of a ${what} must have 1 to ${NAME_CHARS_MAX} characters.`);
}

function noVariable(key: string): string {
  const environment = `WINDLASS_VAR_${key.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()}`;
  return (
    `There is no variable ${JSON.stringify(key)}. Set the environment variable ${environment} for the workers, ` +
    `or add it with POST /api/v2/variables {"key": ${JSON.stringify(key)}, "value": …}.`
  );
}
