/** What `dags test` does where a person would answer on a page: takes the answer from a flag, or asks at the terminal. */
import { createInterface } from 'node:readline/promises';
import { type ApprovalAnswer, type ApprovalRequest, checkChoice } from '#core/approval.ts';
import { AppError } from '#core/errors.ts';
import { timeoutEnd, type Waiter, type WaiterEnd } from '#core/waiting/waiter.ts';
import type { Clock } from '#platform/clock.ts';
import { ParamsCheck } from '#platform/params-check.ts';

export interface PeopleOptions {
  /** `task=option`, `task=one,two`, or `task={"options": ["one"], "form": {…}}`. */
  readonly answers: readonly string[];
  readonly stream: NodeJS.WritableStream;
  readonly clock: Clock;
}

interface Given {
  readonly chosen: readonly string[];
  readonly form: Readonly<Record<string, unknown>>;
}

export class PeopleHere {
  readonly #options: PeopleOptions;
  readonly #given: ReadonlyMap<string, Given>;
  /** One question at a time. */
  #asking: Promise<unknown> = Promise.resolve();

  /** Throws BAD_REQUEST on an answer that cannot be read. */
  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#given = new Map(options.answers.map(parseAnswer));
  }

  /** Never rejects: what is wrong with an answer fails the task, in words. */
  async ask(taskId: string, waiter: Waiter): Promise<WaiterEnd> {
    const subject = String(waiter.args['subject']);
    const request = waiter.args['details'] as ApprovalRequest;
    const given = this.#given.get(taskId);
    if (given !== undefined) return this.#endOf(request, given, 'cli');
    if (!process.stdin.isTTY) {
      if (waiter.timeoutMs !== null && request.defaults.length > 0) return timeoutEnd(waiter, subject);
      return wrong(`nobody is here to answer "${subject}". Give it: --answer ${taskId}=${request.options[0]}`);
    }
    const asked = this.#asking.then(() => this.#askAtTerminal(taskId, subject, request));
    this.#asking = asked.catch(() => {});
    return asked.catch((error: Error) => wrong(error.message));
  }

  async #askAtTerminal(taskId: string, subject: string, request: ApprovalRequest): Promise<WaiterEnd> {
    const { stream } = this.#options;
    const terminal = createInterface({ input: process.stdin, output: stream });
    try {
      stream.write(`\n${taskId} asks: ${subject}\n${request.body === null ? '' : `${request.body}\n`}`);
      for (const [index, option] of request.options.entries()) stream.write(`  ${index + 1}  ${option}\n`);
      for (;;) {
        const text = await terminal.question(request.multiple ? 'Your choices, with commas: ' : 'Your choice: ');
        const chosen = splitList(text).map((one) => request.options[Number(one) - 1] ?? one);
        const problem = checkChoice(request, chosen);
        if (problem !== null) {
          stream.write(`${problem}\n`);
          continue;
        }
        const form = request.formSchema === null ? {} : await askForm(terminal, request);
        return this.#endOf(request, { chosen, form }, 'terminal');
      }
    } finally {
      terminal.close();
    }
  }

  #endOf(request: ApprovalRequest, given: Given, by: string): WaiterEnd {
    const problem = checkChoice(request, given.chosen);
    if (problem !== null) return wrong(problem);
    const form = { ...request.formDefaults, ...given.form };
    try {
      new ParamsCheck().check({ key: 'form', schema: request.formSchema, params: form });
    } catch (error) {
      const problems = (error as AppError).details?.['problems'];
      return wrong(`the form is not filled in rightly: ${Array.isArray(problems) ? problems.join('; ') : (error as Error).message}`);
    }
    const at = new Date(this.#options.clock.now()).toISOString();
    const answer: ApprovalAnswer = { chosen: given.chosen, form, by, at, timedOut: false };
    return { end: 'wake', event: answer };
  }
}

async function askForm(terminal: { question(text: string): Promise<string> }, request: ApprovalRequest): Promise<Given['form']> {
  const form: Record<string, unknown> = {};
  for (const name of Object.keys((request.formSchema?.['properties'] ?? {}) as object)) {
    const known = request.formDefaults[name];
    const text = (await terminal.question(`${name}${known === undefined ? '' : ` [${JSON.stringify(known)}]`}: `)).trim();
    if (text !== '') form[name] = asValue(text);
  }
  return form;
}

/** JSON where it is JSON (12, true, ["a"]), else the text itself. */
function asValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseAnswer(text: string): readonly [string, Given] {
  const [, taskId, value] = /^([^=]+)=([\s\S]+)$/.exec(text) ?? [];
  if (taskId === undefined || value === undefined)
    throw new AppError('BAD_REQUEST', `--answer must be task=option, but is ${JSON.stringify(text)}.`);
  const parsed = asValue(value);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return [taskId, { chosen: splitList(value), form: {} }];
  const { options, form } = parsed as { readonly options?: unknown; readonly form?: unknown };
  const chosen = typeof options === 'string' ? [options] : Array.isArray(options) ? options.map(String) : [];
  return [taskId, { chosen, form: (typeof form === 'object' && form !== null ? form : {}) as Given['form'] }];
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function wrong(message: string): WaiterEnd {
  return { end: 'fail', error: { name: 'NotAnswered', message }, retryable: false };
}
