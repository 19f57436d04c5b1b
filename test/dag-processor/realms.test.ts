/**
 * Goal: many files share a child, and none can tell. Method: real caged children; hostile files that try to reach the process
 * around their realm, and files that want what a realm does not have.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { type SdkModules, sdkHash } from '#platform/sdk-bundle.ts';
import { testConfig } from '#test/support/config.ts';
import { bundleFile, stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import { Importer } from '../../scheduler/dag-processor/importer.ts';
import { makeSdkModules } from '../../scheduler/dag-processor/sdk-outside.ts';

let modules: SdkModules;
let importer: Importer;
const folder = mkdtempSync(join(tmpdir(), 'windlass-realms-test-'));

beforeAll(async () => {
  writeFileSync(join(folder, 'some.txt'), 'text');
  modules = await makeSdkModules();
});
afterAll(() => stopBundler());
beforeEach(async () => {
  const config = testConfig({ dagImportTimeoutMs: 6_000, dagImportMemoryMb: 128 });
  importer = new Importer({ config, clock: systemClock, workFolder: mkdtempSync(join(folder, 'work-')), readable: [folder] });
  await importer.takeSdk({ hash: sdkHash(modules), modules, sourceKey: 'test' });
});
afterEach(() => importer.stop());

let files = 0;

async function read(text: string): Promise<{ readonly way: 'realm' | 'process'; readonly said: string }> {
  const file = join(folder, `${++files}.ts`);
  writeFileSync(file, text);
  const before = importer.counts.inRealms;
  const bundle = await bundleFile(file, { dags: folder, plugins: join(folder, 'plugins'), sdk: 'outside' });
  const answer = await importer.import(bundle, file);
  const said = answer.type === 'dags' ? answer.specs.join('\n') : `${answer.name}: ${answer.message}`;
  return { way: importer.counts.inRealms > before ? 'realm' : 'process', said };
}

/** A DAG that says what it found, as its description. */
const telling = (finding: string, before = '') =>
  `import { dag } from "windlass";\n${before}\nconst finding: unknown = ${finding};\nexport default dag("d", { description: String(finding) }, ({ task }) => { task("a", () => 1); });\n`;
const description = (said: string) => (JSON.parse(said) as { description: string }).description;

describe('a realm reads', () => {
  it.each([
    ['a plain DAG', telling('1'), '1'],
    [
      'one whose bodies use Node',
      telling('1', 'import { readFileSync } from "node:fs";\nexport const later = () => readFileSync("/x");'),
      '1',
    ],
    ['one that asks for a variable that is not set', telling('process.env["REGION"] ?? "eu"'), 'eu'],
    ['one that prints a little', telling('(console.log("hello"), 2)'), '2'],
    ['one written for Airflow’s SDK', telling('3', 'import { Dag } from "windlass/airflow";\nvoid Dag;'), '3'],
    ['one with a provider', telling('4', 'import { bash } from "windlass/providers/bash";\nvoid bash;'), '4'],
    ['one with a schema', telling('z.object({}).safeParse({}).success', 'import { z } from "zod";'), 'true'],
  ])('%s', async (_, text, expected) => {
    const { way, said } = await read(text);
    expect([way, description(said)]).toEqual(['realm', expected]);
  });

  it('several DAGs in the order in which a process of its own finds them', async () => {
    const one = (name: string) => `export const ${name} = dag("${name}", {}, ({ task }) => { task("a", () => 1); });\n`;
    const text = `import { dag } from "windlass";\n${one('zeta')}${one('alpha')}`;
    const ids = (said: string) => said.split('\n').map((spec) => (JSON.parse(spec) as { dagId: string }).dagId);
    const inRealm = await read(text);
    const alone = await read(`${text}void process.pid;`);
    expect([inRealm.way, alone.way]).toEqual(['realm', 'process']);
    expect(ids(inRealm.said)).toEqual(ids(alone.said));
    expect(inRealm.said).toBe(alone.said);
  });
});

describe('a process of its own reads', () => {
  it.each([
    [
      'a file',
      telling(
        'readFileSync(READ, "utf8").length',
        `import { readFileSync } from "node:fs";
const READ = ${JSON.stringify(join(folder, 'some.txt'))};`,
      ),
      '4',
    ],
    ['the platform', telling('process.platform'), process.platform],
    ['whether Node is there', telling('typeof Buffer'), 'function'],
    ['a URL', telling('new URL("http://a/b").pathname'), '/b'],
    ['an await at the top level', telling('await Promise.resolve(5)'), '5'],
    ['where it lies', telling('typeof import.meta.url'), 'string'],
    [
      'what Node hides behind a caught error',
      telling('attempt()', 'function attempt() { try { return typeof setTimeout(() => 1, 1); } catch { return "none"; } }'),
      'object',
    ],
  ])('%s', async (_, text, expected) => {
    const { way, said } = await read(text);
    expect([way, description(said)]).toEqual(['process', expected]);
  });

  it('a file with an error, which it tells', async () => {
    expect(await read('throw new Error("no luck");')).toEqual({ way: 'process', said: 'Error: no luck' });
  });
});

describe('no file reaches the process around its realm', () => {
  /** Each yields what it got at: a function that makes code outside, or nothing. */
  const ESCAPES: Readonly<Record<string, string>> = {
    'by its own constructors': 'probe(() => globalThis.constructor.constructor)',
    'by the prototype of the global object': 'probe(() => Object.getPrototypeOf(globalThis).constructor.constructor)',
    'by an overflow of the stack': `overflow()`,
    'by an overflow while a stack is formatted': 'overflow((error) => error.stack)',
    'by the frames of a stack': 'frames()',
    'by the arguments of what is called': 'probe(() => (function () { return (arguments.callee as any).caller; })())',
    'by the error of a wrong string': 'thrownBy(() => new Intl.DateTimeFormat("no such locale!!"))',
    'by the error of code made of text': 'thrownBy(() => (0, (globalThis as any)["ev" + "al"])("1"))',
    'by a promise that is imported': 'probe(() => (import("node:" + "fs") as any).constructor)',
  };
  const HELPERS = `
    const own = (() => {}).constructor;
    const says = (value: any): string => {
      let maker: any = value;
      for (let i = 0; i < 4 && maker !== undefined && maker !== null; i++) {
        if (typeof maker === 'function' && maker.constructor !== own && maker.constructor !== (async () => {}).constructor) {
          try { if (typeof maker.constructor('return process')().pid === 'number') return 'OUT'; } catch {}
          return 'foreign';
        }
        maker = maker.constructor;
      }
      return 'own';
    };
    const probe = (get: () => any): string => { try { return says(get()); } catch (error) { return says(error); } };
    const thrownBy = (work: () => unknown): string => { try { work(); } catch (error) { return says(error); } return 'nothing thrown'; };
    function overflow(look: (error: any) => unknown = () => 0): string {
      let worst = 'own';
      const dive = (): unknown => {
        try { return dive(); } catch (error) { try { look(error); } catch (inner) { if (says(inner) !== 'own') worst = says(inner); } if (says(error) !== 'own') worst = says(error); throw error; }
      };
      try { dive(); } catch (error) { if (says(error) !== 'own') worst = says(error); }
      return worst;
    }
    function frames(): string {
      let seen: any = 'own';
      try { (Error as any).prepareStackTrace = (_: unknown, sites: any) => { seen = says(sites); return ''; }; } catch {}
      void new Error('x').stack;
      return seen;
    }
    void probe; void thrownBy; void overflow; void frames;`;

  it.each(Object.entries(ESCAPES))('%s', async (_, attempt) => {
    const { said } = await read(telling(attempt, HELPERS));
    expect(said).not.toMatch(/OUT|foreign/);
  });

  it('and the probe sees one that does', () => {
    const script = `${stripTypeScriptTypes(HELPERS)};[probe(() => outer), thrownBy(() => outer('}')), probe(() => ({}))]`;
    expect([...runInContext(script, createContext({ outer: JSON.parse }))]).toEqual(['OUT', 'OUT', 'own']);
  });

  it('and what it does to its own built-ins is not there for the next', async () => {
    const spoil = `Array.prototype.map = () => ["spoilt"] as any; (Object.prototype as any).spoilt = "yes"; JSON.stringify = () => '{"dagId":"other"}'; (globalThis as any).spoilt = 1;`;
    const plain = telling('[typeof (globalThis as any).spoilt, ({} as any).spoilt, [1].map((n) => n + 1)[0]].join()');
    await read(telling('1', spoil));
    const { way, said } = await read(plain);
    expect([way, description(said)]).toEqual(['realm', 'undefined,,2']);
  });

  it('and one that never ends, or takes all memory, costs its neighbours only time', async () => {
    const [loop, hog, ...plain] = await Promise.all([
      read(telling('(() => { for (;;); })()')),
      read(telling('(() => { const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(all.length)); })()')),
      ...[1, 2, 3, 4].map((n) => read(telling(String(n)))),
    ]);
    expect([loop?.said, hog?.said]).toEqual([
      expect.stringMatching(/not imported within 6 s/),
      expect.stringMatching(/more than 128 MB of memory/),
    ]);
    expect(plain.map(({ said }) => description(said))).toEqual(['1', '2', '3', '4']);
  }, 60_000);
});
