/**
 * The caged child that reads many DAG files, each in a realm of its own (`realm.ts`), and answers with the specs of those it
 * can be sure of. Files cannot meet: a realm holds no object of this process or of another realm, and cannot make code of
 * text. Should one get at an object of this process all the same, it finds frozen built-ins and no way to code. Whatever is
 * unclear about a file - an error, a wish for Node, too much time - is answered by "not here": it gets a process of its own.
 */
import { builtinModules } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createContext, Script } from 'node:vm';
import { openChannel } from './channel.ts';
import type { RealmAnswer, RealmRequest, ToRealms } from './messages.ts';
import { type SealedRealm, sealRealm } from './realm.ts';

/** Far more than reading a file takes, and below what its own process allows the build function of a DAG. */
const CPU_MS_MAX = 150;

const { parse, stringify } = JSON;
const { getOwnPropertyNames, keys } = Object;
const seal = new Script(`(${sealRealm.toString()})`, { filename: 'realm' });
const environment = stringify(process.env);
const globals = stringify(getOwnPropertyNames(globalThis));
const known = new Set(builtinModules);
const sdk = new Map<string, Script>();
const exportsOf = new Map<string, readonly string[]>();
let unhandled = false;
let hasBegun = false;

// What it was is not looked at: it may be an object of a realm.
process.on('unhandledRejection', () => {
  unhandled = true;
});
const channel = openChannel((message) => void obey(message as ToRealms));

async function obey(message: ToRealms): Promise<void> {
  if (message.type === 'sdk') {
    for (const [path, code] of Object.entries(message.modules)) sdk.set(path, compile(code, path));
    return;
  }
  if (!hasBegun) {
    hasBegun = true;
    await new Promise<void>((sent) => channel.send({ type: 'begins' }, sent)); // whatever the file does then
  }
  channel.send(await answer(message));
}

async function answer(request: RealmRequest): Promise<RealmAnswer> {
  const { id } = request;
  const before = process.cpuUsage();
  unhandled = false;
  let text: unknown = '';
  try {
    const realm = open(request);
    // Runs what the realm has promised itself. A file that waits for more wants a process of its own.
    await nextTurn();
    text = realm.take();
  } catch {
    return { type: 'realm', id, specs: null, wants: 'its error told' };
  }
  const used = process.cpuUsage(before);
  if (unhandled) return { type: 'realm', id, specs: null, wants: 'its rejection told' };
  if ((used.user + used.system) / 1_000 > CPU_MS_MAX) return { type: 'realm', id, specs: null, wants: 'more time' };
  if (typeof text !== 'string' || text === '') return { type: 'realm', id, specs: null, wants: 'to wait' };
  const { specs, wants } = parse(text) as { specs?: readonly string[]; wants?: string };
  return { type: 'realm', id, specs: specs ?? null, wants: wants ?? null };
}

function open({ code, modules, builtins, defaults }: RealmRequest): SealedRealm {
  const context = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } });
  const realm = (seal.runInContext(context) as typeof sealRealm)(globals, environment, navigator.userAgent);
  for (const path of modules) realm.add((sdk.get(path) as Script).runInContext(context));
  const names = Object.fromEntries(builtins.filter((name) => known.has(name.replace(/^node:/, ''))).map((name) => [name, namesOf(name)]));
  const file = compileFile(code).runInContext(context);
  realm.start(file, stringify(names), stringify(defaults));
  return realm;
}

function namesOf(builtin: string): readonly string[] {
  const names = exportsOf.get(builtin) ?? keys(process.getBuiltinModule(builtin) ?? {});
  exportsOf.set(builtin, names);
  return names;
}

function compile(code: string, path: string): Script {
  return new Script(`({__proto__:null,${stringify(path)}:function(exports,require,module){${code}\n}})`, { filename: path });
}

function compileFile(code: string): Script {
  return new Script(`(function(exports,require,module){${code}\n})`, { filename: 'dag' });
}
