// Goal: the house rules that a linter does not know. Method: read every source file of the project, take its
// comments and texts away, and look for what does not belong in its room.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const ROOMS =
  /^(core|sdk|platform|scheduler|worker|triggerer|webserver|monitor|providers|emulators|cli|dags|examples|plugins|ui-kit|scripts|bin)\//;
const SCRIPT = /\.(ts|tsx|mjs|cjs)$/;

/** Known to git and still there; new files count from the moment they are written. */
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(PROJECT, file)));
const SOURCES = FILES.filter((file) => SCRIPT.test(file) && ROOMS.test(file));
const TESTS = FILES.filter((file) => SCRIPT.test(file) && file.startsWith('test/'));

function read(file: string): string {
  return readFileSync(join(PROJECT, file), 'utf8');
}

/** Code without comments and without the insides of texts; lines stay where they are. */
function codeOf(file: string): string {
  const keepLines = (text: string) => text.replace(/[^\n]/g, ' ');
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, keepLines)
    .replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, keepLines);
}

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Where it may stand. */
  readonly allowed: RegExp;
}

// What runs in a browser, in a task process or in an author's file lives by its own clock.
const OUTSIDE =
  /^(providers|dags|examples|plugins|ui-kit|scripts|bin)\/|^(webserver|monitor)\/ui\/|^sdk\/runtime\/|^worker\/task-process\/|^scheduler\/dag-processor\/(child\/|plugin-child)/;
const only = (...places: string[]) => new RegExp(`${OUTSIDE.source}|^(${places.join('|')})`);

const RULES: readonly Rule[] = [
  { name: 'the time of day comes from platform/clock', pattern: /\bDate\.now\(|\bnew Date\(\s*\)/, allowed: only('platform/clock\\.ts') },
  { name: 'timers come from platform/clock', pattern: /(?<![.\w])(setTimeout|setInterval)\(/, allowed: only('platform/clock\\.ts') },
  { name: 'randomness comes from platform/clock', pattern: /\bMath\.random\(|\brandomUUID\(/, allowed: only('platform/clock\\.ts') },
  {
    name: 'only platform/config reads the environment',
    pattern: /\bprocess\.env\b/,
    allowed: only('platform/config/', 'platform/logger\\.ts'),
  },
  { name: 'nothing prints with console', pattern: /\bconsole\.\w+\(/, allowed: /^(scripts|bin|dags|plugins)\// },
  { name: 'there are no default exports', pattern: /^export default\b/m, allowed: /^(dags|examples|plugins)\/|vite\.config\.ts$/ },
  {
    name: 'there are no enums and no namespaces',
    pattern: /^\s*(export\s+)?(declare\s+)?(const\s+)?enum \w|^\s*(export\s+)?namespace \w/m,
    allowed: /^$/,
  },
];

describe('every source file', () => {
  test.for(RULES)('$name', ({ pattern, allowed }) => {
    const offenders = SOURCES.filter((file) => !allowed.test(file)).flatMap((file) =>
      codeOf(file)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(offenders).toEqual([]);
  });

  test('has at most 400 lines', () => {
    const long = [...SOURCES, ...TESTS].map((file) => ({ file, lines: read(file).split('\n').length })).filter(({ lines }) => lines > 401);
    expect(long).toEqual([]);
  });

  test('is named after its concept, never utils or helpers', () => {
    const vague = [...SOURCES, ...TESTS].filter(
      (file) => /^(utils?|helpers?|misc|common|stuff)\b/.test(basename(file)) || /\/(utils?|helpers?)\//.test(file),
    );
    expect(vague).toEqual([]);
  });
});

test('no test is skipped without a reason, and none runs alone', () => {
  const offenders = TESTS.filter((file) => {
    const code = codeOf(file);
    const skips = code.match(/(?<![.\w])skip\(.*/g) ?? [];
    return (
      /\b(test|it|describe)\.(only|skip|todo|runIf|skipIf)\b|\w\.skip\(/.test(code) ||
      skips.some((call) => !/^skip\(.+, \s{20,}\);/.test(call))
    );
  });
  expect(offenders, "use `skip(condition, 'why')` of the test's context").toEqual([]);
});

test('no test waits for a time: it waits for a condition', () => {
  const offenders = TESTS.filter(
    (file) =>
      !file.startsWith('test/support/') &&
      !/^test\/\w+\/dags\//.test(file) && // DAG files are what tests run, not tests
      /await new Promise\(\(?\w+\)? => setTimeout\(\w+,|timers\/promises/.test(codeOf(file).replace(/`[^`]*`/g, '')), // DAG sources inside a test may sleep,
  );
  expect(offenders).toEqual([]);
});

test('every migration says for whom it is safe', () => {
  const silent = FILES.filter((file) => file.startsWith('migrations/') && !/safe for/i.test(read(file).split('\n').slice(0, 5).join('\n')));
  expect(silent).toEqual([]);
});

test('every dependency has its reason in docs/decisions/dependencies.md', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const reasons = read('docs/decisions/dependencies.md');
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(names.filter((name) => !reasons.includes(`\`${name}\``))).toEqual([]);
});

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('a markdown page has one title', () => {
  const pages = FILES.filter((file) => file.endsWith('.md'));
  const titles = (file: string) =>
    read(file)
      .replace(/```[\s\S]*?```/g, '')
      .split('\n')
      .filter((line) => /^# /.test(line)).length;
  expect(pages.filter((file) => titles(file) !== 1)).toEqual([]);
});
