/** Notifiers: callbacks that are data, made once and used in any callback option. */
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { NOTIFIER } from './brands.ts';
import type { CallbackEvent, Notifier } from './callback-event.ts';

export interface NotifierOptions<Fields extends object> {
  /** Shown in the UI. */
  name: string;
  /** Fields in which `{{ … }}` is rendered when it is sent: Airflow's names, and those of the event (reason, url, …). */
  templateFields?: readonly (keyof Fields & string)[];
  /** Throws when the fields cannot be right; called when the DAG file is read. */
  check?: (fields: Fields) => void;
  send: (fields: Fields, event: CallbackEvent) => unknown;
}

/** The inner side of a notifier. */
export interface NotifierParts {
  readonly fields: object;
  readonly templateFields: readonly string[];
  readonly send: (fields: object, event: CallbackEvent) => unknown;
}

/** Defines a kind of notifier. Throws DAG_INVALID on a bad name or a missing `send`. */
export function defineNotifier<Fields extends object>(options: NotifierOptions<Fields>): (fields: Fields) => Notifier {
  const { name, templateFields = [], check, send } = options;
  if (!isKey(name)) throw new AppError('DAG_INVALID', `defineNotifier: the name must be of letters, digits and _ . -`);
  if (typeof send !== 'function') throw new AppError('DAG_INVALID', `defineNotifier "${name}" needs send: async (fields, event) => ...`);
  return (fields) => {
    if (typeof fields !== 'object' || fields === null) throw new AppError('DAG_INVALID', `Notifier "${name}" needs an object of fields.`);
    try {
      check?.(fields);
    } catch (error) {
      throw new AppError('DAG_INVALID', `Notifier ${name}: ${(error as Error).message}.`);
    }
    const parts = { fields, templateFields, send } as unknown as NotifierParts;
    return Object.defineProperty({ name }, NOTIFIER, { value: parts }) as unknown as Notifier;
  };
}
