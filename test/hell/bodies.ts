/** Bodies that do what no body should: each with the state and the reason its author must read. */

/** `state` and `reason` of the instance that ends. */
export interface HellBody {
  readonly name: string;
  readonly body: string;
  /** Options of the task, as source. */
  readonly options?: string;
  /** Null = either, as long as it ends. */
  readonly state: 'success' | 'failed' | null;
  readonly reason: RegExp | null;
  /** A line that its log holds. */
  readonly says?: RegExp;
}

const failed = (name: string, body: string, reason: RegExp, more: Partial<HellBody> = {}): HellBody => ({
  name,
  body,
  state: 'failed',
  reason,
  ...more,
});
const fine = (name: string, body: string, more: Partial<HellBody> = {}): HellBody => ({
  name,
  body,
  state: 'success',
  reason: null,
  ...more,
});

const SHORT = `{ executionTimeout: '1s' }`;
const TIMED_OUT = /^execution timeout after 1 s$/;
const NO_PLAIN = /is .*\. Return plain data/;

/** U02: ends itself or others. */
const ENDS = [
  failed('aborts', 'process.abort();', /was killed by SIGABRT|exited with code 134/),
  failed('crashes', 'process.kill(process.pid, "SIGSEGV"); await new Promise(() => {});', /was killed by SIGSEGV/),
  failed('kills_its_worker', 'process.kill(process.ppid, "SIGKILL");', /must not send signals to its worker/),
  failed('stops_itself', 'process.kill(process.pid, "SIGSTOP"); await new Promise(() => setInterval(() => {}, 1000));', TIMED_OUT, {
    options: SHORT,
  }),
  failed('hangs_at_exit', 'process.on("exit", () => { for (;;); }); process.exit(0);', TIMED_OUT, { options: SHORT }),
  failed('exits_in_the_dark', 'process.exit = () => {}; process.reallyExit(0);', /exited with code 0 but without a result/),
] as const;

/** U03: throws. */
const THROWS = [
  failed('throws_null', 'throw null;', /^the task threw a value instead of an Error: null$/),
  failed('throws_undefined', 'throw undefined;', /a value instead of an Error: undefined/),
  failed('throws_symbol', 'throw Symbol("s");', /instead of an Error: Symbol\(s\)/),
  failed(
    'throws_proxy',
    'throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 1; }, has() { throw 1; }, ownKeys() { throw 1; } });',
    /is not an Error/,
  ),
  failed('throws_revoked', 'const p = Proxy.revocable({}, {}); p.revoke(); throw p.proxy;', /is not an Error/),
  failed(
    'throws_getters',
    'const e = new Error("x"); for (const key of ["name", "message", "stack", "cause"]) Object.defineProperty(e, key, { get() { throw e; } }); throw e;',
    /is not an Error/,
  ),
  failed('throws_endless_getter', 'throw { get message() { for (;;); } };', TIMED_OUT, { options: SHORT }),
  failed('throws_cycle', 'const e = new Error("round"); e.cause = { cause: e, message: "and round" }; throw e;', /^round$/),
  failed('throws_giant', 'throw Object.assign(new Error("x".repeat(5e6)), { name: "n".repeat(1e6) });', /^(n|x){100}/),
  failed('throws_unstorable', 'throw new Error("a\\0b\\ud800c");', /^ab.c$/),
  failed(
    'rejects_later',
    'void new Promise((_, no) => setTimeout(() => no(null), 1)); await new Promise((r) => setTimeout(r, 5_000));',
    /instead of an Error: null/,
  ),
] as const;

/** U04: output. */
const TALKS = [
  fine('talks_1_gb', 'const mb = ("y".repeat(99) + "\\n").repeat(10_486); for (let i = 0; i < 1000; i++) process.stdout.write(mb);', {
    says: /the log was truncated at 1 MB/,
  }),
  fine('talks_one_line', 'const mb = "x".repeat(1e6); for (let i = 0; i < 200; i++) process.stdout.write(mb);', {
    says: /line cut, 1999\d+ more bytes/,
  }),
  fine(
    'talks_binary',
    'const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i)); for (let i = 0; i < 50; i++) { process.stdout.write(all); process.stderr.write(all); } console.log("\\ud800\\u001b[31mred\\u001b]8;;javascript:alert(1)\\u0007x\\r\\rend");',
    { says: /red.*end/s },
  ),
  fine('logs_giants', 'ctx.log.info("m".repeat(10e6)); ctx.log.info("small", { big: "f".repeat(10e6) });', { says: /^small/ }),
  fine('logs_without_end', 'for (let i = 0; i < 100_000; i++) ctx.log.info("line " + i, { i });', {
    says: /the log was truncated at 1 MB/,
  }),
  fine(
    'logs_monsters',
    'const deep = []; let at = deep; for (let i = 0; i < 100_000; i++) at.push(at = []); const c = {}; c.c = c; for (const f of [deep, c, { n: 1n }, { get x() { throw 1; } }, new Proxy({}, { ownKeys() { throw 1; } }), null, "s", 7]) try { ctx.log.info("monster", f); } catch (e) { console.log("threw", e); } ctx.log.info(new Proxy({}, { get() { throw 1; } })); ctx.heartbeat({ done: NaN, total: 1n ? 1 : 0 }); ctx.log.info("after");',
    { says: /^after/ },
  ),
] as const;

/** U05, U15: takes. */
const TAKES = [
  failed(
    'takes_heap',
    'const all = []; for (;;) all.push(new Array(100_000).fill({}).map((_, i) => ({ i })));',
    /out of memory: the heap limit of 96 MB/,
  ),
  failed(
    'takes_buffers',
    'const all = []; for (;;) { all.push(Buffer.alloc(20e6, 1)); await new Promise((r) => setTimeout(r, 10)); }',
    /out of memory: the task process held .* beyond its 96 MB/,
  ),
  failed(
    'takes_memory_in_a_child',
    `const { spawn } = await import('node:child_process'); spawn(process.execPath, ['-e', 'const all = []; setInterval(() => all.push(Buffer.alloc(40e6, 1)), 150)'], { stdio: 'ignore' }); await new Promise(() => setInterval(() => {}, 1000));`,
    /out of memory: the task process and the (?:process|\d processes) it started held together .* beyond its 96 MB/,
    { options: `{ executionTimeout: '30s' }` },
  ),
  failed(
    'takes_memory_in_an_orphan',
    `const { execSync } = await import('node:child_process'); (await import('node:fs')).writeFileSync(FOLDER + '/orphan.cjs', 'const all = []; setInterval(() => all.push(Buffer.alloc(40e6, 1)), 150)'); execSync('(setsid ' + process.execPath + ' ' + FOLDER + '/orphan.cjs >/dev/null 2>&1 &) &'); await new Promise(() => setInterval(() => {}, 1000));`,
    /out of memory: the task process and the (?:process|\d processes) it started held together .* beyond its 96 MB/,
    { options: `{ executionTimeout: '30s' }` },
  ),
  failed(
    'takes_files',
    `const { openSync } = await import('node:fs'); const open = []; for (let i = 0; i < 10_000; i++) open.push(openSync('/dev/null'));`,
    /EMFILE: too many open files/,
  ),
  failed(
    'takes_processes',
    `const { spawn } = await import('node:child_process'); for (let i = 0; i < 400; i++) spawn('sleep', ['1000'], { stdio: 'ignore' }).on('error', () => {}); await new Promise(() => setInterval(() => {}, 1000));`,
    /more than 100 processes/,
    { options: `{ executionTimeout: '10s' }` },
  ),
] as const;

/** U11, U12: will not go. */
const STAYS = [
  fine('blocks_its_loop', 'const end = performance.now() + 3_000; while (performance.now() < end);'),
  failed('loops', 'for (;;);', TIMED_OUT, { options: SHORT }),
  failed('loops_in_promises', 'for (;;) await null;', TIMED_OUT, { options: SHORT }),
  failed('never_settles', 'await new Promise(() => {});', TIMED_OUT, { options: SHORT }),
  failed(
    'traps_sigterm',
    'for (const s of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(s, () => {}); for (;;) await new Promise((r) => setTimeout(r, 1));',
    TIMED_OUT,
    { options: SHORT },
  ),
  failed(
    'closes_its_channel',
    `const { closeSync } = await import('node:fs'); closeSync(3); await new Promise((r) => setTimeout(r, 200)); return 1;`,
    /without a result/,
  ),
  failed(
    'closes_its_watchdog',
    `const { closeSync } = await import('node:fs'); closeSync(4); for (;;) await new Promise((r) => setTimeout(r, 10));`,
    /without a result|was killed by SIGKILL|execution timeout/,
    { options: `{ executionTimeout: '4s' }` },
  ),
  fine('closes_its_output', `const { closeSync } = await import('node:fs'); process.stdout.destroy(); closeSync(2); return 1;`),
  fine(
    'leaves_daemons',
    `const { spawn, execSync } = await import('node:child_process'); const fs = await import('node:fs'); fs.writeFileSync(FOLDER + '/daemon.sh', 'trap "" TERM HUP; echo $$ >> ' + FOLDER + '/pids; exec >/dev/null 2>&1 </dev/null; while :; do sleep 1; done'); spawn('setsid', ['sh', FOLDER + '/daemon.sh'], { stdio: 'ignore', detached: true }).unref(); execSync('(setsid sh ' + FOLDER + '/daemon.sh >/dev/null 2>&1 &) &'); while ((fs.existsSync(FOLDER + '/pids') ? fs.readFileSync(FOLDER + '/pids', 'utf8') : '').split('\\n').length < 3) await new Promise((r) => setTimeout(r, 10));`,
  ),
] as const;

/** U14: returns. */
const RETURNS = [
  failed('returns_a_cycle', 'const a = {}; a.a = [a]; return a;', NO_PLAIN),
  failed('returns_a_function', 'return { f() {} };', /\.f is a function/),
  failed('returns_a_symbol', 'return [Symbol("s")];', /\[0\] is a symbol/),
  failed('returns_a_promise', 'return { later: Promise.resolve(1) };', /a promise; await it first/),
  failed('returns_an_instance', 'return new (class Odd {})();', /an instance of Odd/),
  failed(
    'returns_a_proxy',
    'return new Proxy({}, { ownKeys() { throw new Error("gotcha"); }, get(t, k) { return k === "then" ? undefined : 1; } });',
    /gotcha|Return plain data/,
  ),
  failed('returns_a_revoked_proxy', 'const p = Proxy.revocable({}, {}); p.revoke(); return { p: p.proxy };', /revoked/),
  failed('returns_a_getter_bomb', 'return { get x() { throw new Error("boom"); } };', /^boom$/),
  failed('returns_an_endless_getter', 'return { get x() { for (;;); } };', TIMED_OUT, { options: SHORT }),
  failed(
    'returns_an_endless_tojson',
    'return new (class { toJSON() { return new this.constructor(); } })();',
    /nested deeper|call stack|toJSON/,
  ),
  failed('returns_depth', 'let a = []; for (let i = 0; i < 100_000; i++) a = [a]; return a;', /nested deeper than 500 levels/),
  failed('returns_a_giant', 'return "z".repeat(20e6);', /the result is too large/),
  failed('returns_many', 'return new Array(3e6).fill(1);', /the result is too large/),
  failed('returns_holes', 'return new Array(2 ** 32 - 1);', /a list of 4294967295 elements, of more than 10000000/),
  failed('returns_half_a_character', 'return { "\\ud800": 1 };', /half of a surrogate pair/),
  failed('returns_nul_in_a_key', 'return { "a\\0": 1 };', /U\+0000/),
  fine(
    'returns_odd_numbers',
    'return [1n << 80n, NaN, -0, Infinity, new Date(NaN), new Uint8Array(3), JSON.parse(\'{"__proto__": {"evil": 1}}\')];',
  ),
] as const;

const SAY = `const { writeSync } = await import('node:fs'); const say = (text) => { for (let at = 0; at < text.length; ) try { at += writeSync(3, text.slice(at)); } catch {} }; const tell = (message) => say(JSON.stringify(message) + '\\n');`;

/** U16: forges. */
const FORGES = [
  failed(
    'forges_its_result',
    `${SAY} tell({ type: 'result', result: { outcome: 'success', value: 'first' } }); await new Promise(() => setInterval(() => {}, 1000));`,
    /that Windlass does not understand/,
  ),
  failed(
    'tells_the_result_of_another',
    `${SAY} for (const outcome of ['success', 'skipped']) tell({ type: 'result', attemptId: '01a21910-186f-7d57-b0cd-abf018a44b64', result: { outcome } }); throw new Error('its own');`,
    /^its own$/,
  ),
  failed(
    'tells_an_unknown_thing',
    `${SAY} tell({ type: 'finish', state: 'success' }); await new Promise(() => setInterval(() => {}, 1000));`,
    /that Windlass does not understand/,
  ),
  failed(
    'tells_half_a_message',
    `${SAY} say('{"type":"result","result":{"outcome":"success"'); process.exit(0);`,
    /exited with code 0 but without a result/,
  ),
  failed(
    'tells_bytes',
    `const { writeSync } = await import('node:fs'); writeSync(3, Buffer.from([0xff, 0xfe, 0, 10, 0xd8, 10])); await new Promise(() => setInterval(() => {}, 1000));`,
    /that Windlass does not understand/,
  ),
  failed('tells_without_end', `${SAY} for (;;) say('x'.repeat(1e6));`, /too large|more in one message/),
  failed(
    'tells_depth_as_its_result',
    `${SAY} say('{"type":"result","result":{"outcome":"success","value":' + '['.repeat(200_000) + ']'.repeat(200_000) + '}}\\n'); await new Promise(() => setInterval(() => {}, 1000));`,
    /nested too deep|does not understand/,
  ),
  failed(
    'tells_depth_as_a_log_field',
    `${SAY} await ctx.conn('warehouse'); say('{"type":"log","level":"info","message":"x","fields":{"a":' + '['.repeat(200_000) + ']'.repeat(200_000) + '}}\\n'); await new Promise((r) => setTimeout(r, 200)); throw new Error('after all');`,
    /after all|does not understand/,
  ),
  failed(
    'asks_with_depth',
    `${SAY} for (const what of ['xcom_push', 'state_set']) say('{"type":"request","requestId":1,"body":{"what":"' + what + '","key":"k","value":' + '['.repeat(200_000) + ']'.repeat(200_000) + '}}\\n'); await new Promise((r) => setTimeout(r, 200)); throw new Error('after all');`,
    /after all|does not understand/,
  ),
  fine(
    'asks_without_reading',
    `const { writeSync } = await import('node:fs'); await ctx.state.set('big', 'b'.repeat(900_000)); const end = performance.now() + 2_000; for (let id = 1e6; performance.now() < end; id++) try { writeSync(3, JSON.stringify({ type: 'request', requestId: id, body: { what: 'state_get', key: 'big' } }) + '\\n'); } catch {}`,
  ),
  fine('asks_without_end', `for (let i = 0; i < 20_000; i++) void ctx.variable('nothing').catch(() => {}); return 1;`),
] as const;

/** U10: breaks what it stands on. Each result must still arrive. */
const BREAKS = [
  fine(
    'breaks_timers',
    'for (const name of ["setTimeout", "setImmediate", "setInterval", "queueMicrotask", "clearTimeout"]) globalThis[name] = () => {}; return 1;',
  ),
  fine('breaks_json', 'JSON.stringify = () => "evil"; JSON.parse = () => "evil"; return { a: 1 };'),
  fine('breaks_prototypes', 'Object.prototype.evil = 1; Array.prototype.map = () => []; Map.prototype.get = () => undefined; return 1;', {
    state: null,
  }),
  fine(
    'breaks_streams',
    'process.stdout.write = () => { throw new Error("no"); }; process.stdout.uncork = () => { throw new Error("no"); }; return 1;',
  ),
  fine('breaks_promises', 'Promise.prototype.then = () => { throw new Error("no"); }; return 1;', { state: null }),
  fine(
    'breaks_the_process',
    'process.removeAllListeners(); process.env = {}; process.cwd = () => "/"; process.chdir = () => {}; return 1;',
  ),
] as const;

export const HELL: readonly HellBody[] = [...ENDS, ...THROWS, ...TALKS, ...TAKES, ...STAYS, ...RETURNS, ...FORGES, ...BREAKS];
