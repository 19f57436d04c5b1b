/** Checks a run's params against the JSON Schema its DAG declares. Compiled checks are kept per DAG version. */
import type * as Ajv from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { AppError } from '#core/errors.ts';
import { lazyPackage } from './lazy-package.ts';
import { timedRegExp } from './timed-regexp.ts';

const ajv = lazyPackage<typeof Ajv>('ajv/dist/2020.js');

const KEPT_CHECKS = 200;

export interface ParamsCheckRequest {
  /** The version's id: the same key always has the same schema. */
  readonly key: string;
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly params: Readonly<Record<string, unknown>>;
}

export class ParamsCheck {
  readonly #checks = new Map<string, ValidateFunction>();

  /** Throws PARAMS_INVALID with every wrong parameter. */
  check(request: ParamsCheckRequest): void {
    if (request.schema === null) return;
    const validate = this.#checkFor(request.key, request.schema);
    if (validate(request.params)) return;
    const problems = (validate.errors ?? []).map((error) => {
      const where = error.instancePath === '' ? '' : `${error.instancePath.slice(1).replaceAll('/', '.')}: `;
      const which = error.keyword === 'additionalProperties' ? ` (${String(error.params['additionalProperty'])})` : '';
      const allowed = error.keyword === 'enum' ? ` (${JSON.stringify(error.params['allowedValues'])})` : '';
      return `${where}${formatOf(error) ?? error.message}${which}${allowed}`;
    });
    throw new AppError(
      'PARAMS_INVALID',
      `The params do not fit the DAG's declaration: ${problems.join('; ')}. Correct conf and trigger again.`,
      {
        problems,
      },
    );
  }

  #checkFor(key: string, schema: Readonly<Record<string, unknown>>): ValidateFunction {
    const kept = this.#checks.get(key);
    if (kept) return kept;
    try {
      // Formats are the author's schema library's own business; a schema of today needs no strict mode.
      const validate = new (ajv().Ajv2020)({
        strict: false,
        allErrors: true,
        // An error brings the part of the schema that it is about.
        verbose: true,
        validateFormats: false,
        addUsedSchema: false,
        code: { regExp: timedRegExp },
      }).compile(schema);
      this.#checks.set(key, validate);
      const oldest = this.#checks.keys().next();
      if (this.#checks.size > KEPT_CHECKS && !oldest.done) this.#checks.delete(oldest.value);
      return validate;
    } catch (cause) {
      throw new AppError(
        'PARAMS_INVALID',
        `The DAG's params schema is not a valid JSON Schema: ${(cause as Error).message}. Correct the DAG file's params.`,
        {},
        { cause },
      );
    }
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  date: 'must be a date such as 2026-01-31',
  'date-time': 'must be an instant such as 2026-01-31T06:00:00Z',
  time: 'must be a time such as 06:00:00',
  email: 'must be an e-mail address',
  uri: 'must be an address such as https://example.com',
  uuid: 'must be a UUID',
};

/** A schema library writes its formats as patterns, too, that nobody can read. */
function formatOf({ keyword, parentSchema }: ErrorObject): string | undefined {
  return keyword === 'pattern' ? FORMATS[String(parentSchema?.['format'])] : undefined;
}
