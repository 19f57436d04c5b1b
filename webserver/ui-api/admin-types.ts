/** What the pages for connections and variables read. Secrets are never in it. */

/** Where a value stands. Tasks get the first that is there, in this order. */
export type UiOrigin = 'environment' | 'profile' | 'database';

interface UiFound {
  readonly origin: UiOrigin;
  /** The environment variable or the profile; null for the database. */
  readonly originName: string | null;
  /** The same name stands in a place that comes first, so that tasks never see this one. */
  readonly hiddenBy: UiOrigin | null;
}

export interface UiConnection extends UiFound {
  readonly id: string;
  /** Null, like all that follows, when `problem` says why it cannot be read. */
  readonly type: string | null;
  readonly description: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly schema: string | null;
  readonly hasPassword: boolean;
  /** JSON text; the values of telling keys are ***. */
  readonly extra: string | null;
  readonly problem: string | null;
}

/** GET /ui/api/connections */
export interface UiConnections {
  readonly connections: readonly UiConnection[];
  /** What is wrong with io_config.yaml as a whole. */
  readonly problem: string | null;
}

export interface UiVariable extends UiFound {
  readonly key: string;
  /** *** when the name tells of a secret. */
  readonly value: string;
  readonly description: string | null;
}

/** GET /ui/api/variables */
export interface UiVariables {
  readonly variables: readonly UiVariable[];
}
