/**
 * Standard Schema (https://standardschema.dev): the shape that zod, valibot, arktype and others share. Only
 * the shape is known here, so that the sdk depends on none of them.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The schema of nothing: what `params` is when a DAG declares none. */
export type EmptySchema = StandardSchemaV1<Record<never, never>, Record<never, never>>;

/** What a caller gives. */
export type InferIn<S> = S extends StandardSchemaV1<infer Input, infer _Output> ? Input : never;
/** What a handler gets. */
export type InferOut<S> = S extends StandardSchemaV1<infer _Input, infer Output> ? Output : never;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

export type Validation = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problems: readonly string[] };

export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return typeof standard === 'object' && standard !== null && typeof (standard as Record<string, unknown>)['validate'] === 'function';
}

/** Validates; problems read "limit: Too big". A schema that throws counts as one problem. */
export async function validateWith(schema: StandardSchemaV1, value: unknown): Promise<Validation> {
  try {
    return readResult(await schema['~standard'].validate(value));
  } catch (error) {
    return { ok: false, problems: [`the schema itself failed: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** The same for a schema that answers at once; null when it needs to wait. */
export function validateAtOnce(schema: StandardSchemaV1, value: unknown): Validation | null {
  try {
    const result = schema['~standard'].validate(value);
    if (result instanceof Promise) {
      result.catch(() => undefined);
      return null;
    }
    return readResult(result);
  } catch {
    return null;
  }
}

function readResult(result: unknown): Validation {
  const { issues, value } = result as { issues?: readonly Issue[]; value?: unknown };
  if (issues === undefined || issues === null) return { ok: true, value };
  return { ok: false, problems: issues.map(describeIssue) };
}

function describeIssue(issue: Issue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

type JsonSchema = Readonly<Record<string, unknown>>;
type Converter = (options: object) => unknown;

/**
 * Returns the JSON Schema (draft 2020-12) of what a caller gives, by the schema's own hook: Standard JSON
 * Schema's `~standard.jsonSchema.input`, else a `toJSONSchema()`/`toJsonSchema()` method. Null when the
 * library offers none. Parts that JSON Schema cannot say (a Date) become "anything".
 */
export function jsonSchemaOf(schema: StandardSchemaV1): JsonSchema | null {
  const standard = schema['~standard'] as unknown as { jsonSchema?: { input?: Converter } };
  const own = schema as unknown as Record<string, unknown>;
  const anything = { unrepresentable: 'any' };
  const attempts: (() => unknown)[] = [
    () => standard.jsonSchema?.input?.({ target: 'draft-2020-12', libraryOptions: anything }),
    () => standard.jsonSchema?.input?.({ target: 'draft-2020-12' }),
    () => (typeof own['toJSONSchema'] === 'function' ? (own['toJSONSchema'] as Converter)({ io: 'input', ...anything }) : undefined),
    () => (typeof own['toJsonSchema'] === 'function' ? (own['toJsonSchema'] as Converter)({}) : undefined),
  ];
  for (const attempt of attempts) {
    try {
      const found = attempt();
      if (typeof found === 'object' && found !== null) return JSON.parse(JSON.stringify(found)) as JsonSchema;
    } catch {
      // A library may refuse a target or an option; the next way is tried.
    }
  }
  return null;
}
