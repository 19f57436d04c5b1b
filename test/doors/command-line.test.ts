/**
 * Goal: no command line, however mistyped, does anything but say what is wrong, where, and what to do next. Method: the tables of
 * mistakes are made from the definitions of all commands, so that a new command is held to them too.
 */
import type { Command, Option } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { makeProject, removeProject } from '../support/windlass-process.ts';
import { SECRETS, STACK, say } from './say.ts';

const folder = makeProject();
afterAll(() => removeProject(folder));
/** No database: whatever gets so far has passed the door. */
const environment = { WINDLASS_DATA_FOLDER: `${folder}/.windlass` };

interface Leaf {
  readonly path: readonly string[];
  readonly command: Command;
}
const leavesOf = (command: Command, path: readonly string[]): Leaf[] =>
  command.commands.length === 0 ? [{ path, command }] : command.commands.flatMap((inner) => leavesOf(inner, [...path, inner.name()]));
const LEAVES = leavesOf(buildProgram(), []).map((leaf) => [leaf.path.join(' '), leaf] as const);
const GROUPS = buildProgram()
  .commands.filter((command) => command.commands.length > 0)
  .map((command) => command.name());

async function refused(args: readonly string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await say(args, environment);
  expect(stderr, args.join(' ')).toMatch(message);
  expect([code, stdout], args.join(' ')).toEqual([1, '']);
  expect(stderr).not.toMatch(STACK);
  expect(stderr).not.toMatch(SECRETS);
}

/** A value that the option takes. */
function validFor({ parseArg, argChoices }: Option): string {
  const takes = (text: string) => {
    try {
      parseArg?.(text, undefined);
      return true;
    } catch {
      return false;
    }
  };
  return argChoices?.[0] ?? ['x', '1', '2026-01-01', '{}', '90d', 'success'].find(takes) ?? 'x';
}

/** As a finger slips: one letter is missing. */
const slip = (word: string) => word.slice(0, -2) + word.slice(-1);
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe.each(LEAVES)('windlass %s', (_, { path, command }) => {
  const needed = command.registeredArguments.filter((argument) => argument.required);
  const mandatory = command.options.filter((option) => option.mandatory);
  const filled = [
    ...needed.map((argument) => argument.argChoices?.[0] ?? 'x'),
    ...mandatory.map((option) => `${option.long}=${validFor(option)}`),
  ];
  const options = command.options.filter((option) => option.long !== undefined);

  it('mistyped is answered with the command that was meant', async () => {
    const last = path.at(-1) as string;
    if (last.length < 4) return refused([...path.slice(0, -1), `${last}zzzzzz`], /unknown command '\w+zzzzzz'/);
    return refused([...path.slice(0, -1), slip(last)], new RegExp(`unknown command '${escaped(slip(last))}'[\\s\\S]*Did you mean`));
  });

  it('names an option that it does not have, and the one that was meant', async () => {
    await refused([...path, ...filled, '--frobnicate'], /unknown option '--frobnicate'[\s\S]*add --help/);
    for (const { long } of options.filter((option) => (option.long as string).length > 6)) {
      const typo = slip(long as string);
      if (options.some((option) => option.long === typo)) continue;
      await refused([...path, ...filled, typo], new RegExp(`unknown option '${typo}'[\\s\\S]*Did you mean`));
      // Before it says that the one that was meant is missing.
      const alone = [...path, ...filled.slice(0, needed.length), `${typo}=x`];
      await refused(alone, new RegExp(`unknown option '${typo}'[\\s\\S]*Did you mean ${long}`));
    }
  });

  it('says which argument is missing, or how many are too many', async () => {
    const given = filled.slice(needed.length);
    if (needed.length > 0) await refused([...path, ...given], new RegExp(`missing required argument '${needed[0]?.name()}'`));
    const isOpen = command.registeredArguments.some((argument) => argument.variadic);
    if (!isOpen)
      await refused(
        [...path, ...given, ...command.registeredArguments.map(() => 'x'), 'y', 'z'],
        /too many arguments|must be|There is no|Give|unknown|not one of/,
      );
  });

  it('says of each option what its value must be', async () => {
    for (const option of options.filter((each) => each.required)) {
      const rest = filled.filter((text) => !text.startsWith(`${option.long}=`));
      await refused([...path, ...rest, option.long as string], new RegExp(`option '.*${option.long}.*' argument missing`));
      if (option.parseArg === undefined || option.variadic) continue;
      for (const value of ['no such \u0001thing', '-1', '99999999999999999999']) {
        const { code, stderr } = await say([...path, ...rest, `${option.long}=${value}`], environment);
        // Some take any text: then the next door is reached, which is that there is no database.
        expect(stderr, `${path.join(' ')} ${option.long}=${value}`).toMatch(
          new RegExp(
            `${option.long}\\b.*(must|no name|is not|cannot|Allowed choices)|CONFIG_INVALID: There is no database|required option|Give |BAD_REQUEST`,
          ),
        );
        expect(code).toBe(1);
        expect(stderr).not.toMatch(STACK);
      }
    }
  });
});

describe('the first word', () => {
  it.each([...GROUPS, 'worker', 'scheduler'])('%s, mistyped, is guessed', (name) =>
    refused([slip(`${name}`)], new RegExp(`unknown command '${slip(name)}'|Did you mean`)),
  );

  it.each([
    [['--verson'], /unknown option '--verson'[\s\S]*Did you mean --version/],
    [[''], /unknown command ''/],
    [['dags', ''], /unknown command ''/],
    [['DAGS', 'list'], /unknown command 'DAGS'/],
    [['list'], /unknown command 'list'/],
    [['dags', 'list', 'dags'], /too many arguments/],
    [['\u001b[31mred'], /unknown command/],
    [['a\u202egnp'], /unknown command/],
  ] as const)('%j', (args, message) => refused(args, message));
});
