/** The parent's side of a caged child that reads many files, each in a realm of its own: one at a time, until it is worn. */
import { join } from 'node:path';
import type { InstallationDefaults } from '#core/default-args.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import type { Cage } from '#platform/plugins/cage.ts';
import { CagedProcess } from '#platform/plugins/caged-process.ts';
import type { FromRealms } from './child/messages.ts';
import type { SealedFile, SealedSdk } from './sealed-sdk.ts';

export interface RealmChildOptions extends Cage {
  readonly sdk: SealedSdk;
  readonly defaults: InstallationDefaults;
  readonly clock: Clock;
}

const CHILD = join(INSTALLATION_FOLDER, 'scheduler/dag-processor/child/realm-main.ts');
/** A file that takes longer gets a process of its own, where the configured limit holds and is explained. */
const FILE_MS_MAX = 3_000;
/** Until the child says that it begins with its first file. */
const START_MS_MAX = 20_000;
const FILES_MAX = 250;
const CPU_SECONDS_MAX = 60;
const ANSWER_CHARS_MAX = 8 * 1024 * 1024;
/** Should one leak of this process be found, it finds built-ins that cannot be changed and no way to make code. */
const FLAGS = ['--frozen-intrinsics', '--disallow-code-generation-from-strings'];

export class RealmChild {
  readonly #process: CagedProcess;
  readonly #options: RealmChildOptions;
  readonly #sent = new Set<string>();
  #waiting: { readonly id: number; readonly resolve: (specs: readonly string[] | null) => void } | null = null;
  #timer: Timer | null = null;
  #lastId = 0;
  #hasBegun = false;
  #isBroken = false;

  constructor(options: RealmChildOptions) {
    this.#options = options;
    this.#process = new CagedProcess({
      ...options,
      flags: FLAGS,
      script: CHILD,
      messageCharsMax: ANSWER_CHARS_MAX,
      cpuSecondsMax: CPU_SECONDS_MAX,
      onMessage: (message) => this.#hear(message),
      onOverflow: () => this.kill(),
      onBloat: () => this.kill(),
      // It prints nothing: whatever it says is of a crash, and the file that made it crash is read anew.
      onOutput: () => {},
      onEnd: () => this.#settle(null),
    });
  }

  get isUsable(): boolean {
    return !this.#isBroken && this.#process.isAlive && this.#lastId < FILES_MAX;
  }

  /** The specs of its DAGs; null when only a process of its own can say. Never rejects. One at a time. */
  async read(file: SealedFile): Promise<readonly string[] | null> {
    const { defaults, sdk } = this.#options;
    const missing = file.modules.filter((path) => !this.#sent.has(path));
    if (missing.length > 0) {
      const modules: Record<string, string> = {};
      for (const path of missing) modules[path] = (await sdk.code(path)).code;
      this.#process.send({ type: 'sdk', modules });
      for (const path of missing) this.#sent.add(path);
    }
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<readonly string[] | null>();
    this.#waiting = { id, resolve };
    if (!this.#process.isAlive) this.#settle(null);
    this.#allow(this.#hasBegun ? FILE_MS_MAX : START_MS_MAX);
    this.#process.send({ type: 'file', id, code: file.code, modules: file.modules, builtins: file.others, defaults });
    return promise;
  }

  kill(): void {
    this.#isBroken = true;
    this.#process.kill();
    this.#settle(null);
  }

  #allow(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(ms, () => this.kill());
  }

  #hear(message: unknown): void {
    const answer = message as Partial<FromRealms> | null;
    if (answer?.type === 'begins' && !this.#hasBegun && this.#waiting !== null) {
      this.#hasBegun = true;
      this.#allow(FILE_MS_MAX);
      return;
    }
    // Whatever it is that speaks out of turn: nothing it says is believed any more.
    if (answer?.type !== 'realm' || answer.id !== this.#waiting?.id) {
      this.kill();
      return;
    }
    const { specs } = answer;
    this.#settle(Array.isArray(specs) && specs.every((spec) => typeof spec === 'string') ? specs : null);
  }

  #settle(specs: readonly string[] | null): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#timer?.cancel();
    this.#timer = null;
    waiting?.resolve(specs);
  }
}
