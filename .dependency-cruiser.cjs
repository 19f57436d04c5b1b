// The import law of docs/architecture: who may know whom. `npm run check:imports`; test/import-law.test.ts plants
// violations to show that it bites.
const ROOMS =
  'core sdk platform scheduler worker triggerer webserver monitor providers emulators cli dags examples plugins ui-kit scripts test bench'.split(
    ' ',
  );

/** A room and the only rooms it may import besides itself. */
function mayImport(room, allowed, { from = `^${room}/`, fromNot, also = [] } = {}) {
  const others = ROOMS.filter((name) => name !== room && !allowed.includes(name)).map((name) => `^${name}/`);
  return {
    name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
    severity: 'error',
    comment: `${room} may import ${allowed.join(', ') || 'nothing of ours'} and itself.`,
    from: { path: from, ...(fromNot ? { pathNot: fromNot } : {}) },
    to: { path: others, ...(also.length > 0 ? { pathNot: also } : {}) },
  };
}

/** Packages that only some places may know. */
function onlyIn(name, packages, places) {
  return {
    name,
    severity: 'error',
    comment: `${packages.join(', ')} may be imported in ${places.join(', ')} only.`,
    from: { path: ROOMS.filter((room) => room !== 'test' && room !== 'bench').map((room) => `^${room}/`), pathNot: places },
    to: { path: packages.map((pkg) => `node_modules/${pkg}/`) },
  };
}

const TASK_PROCESS = '^worker/task-process/';
const DAG_CHILD = '^scheduler/dag-processor/child/';
const UI = '^(webserver|monitor)/ui/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one concept, or one of them knows too much. (Types alone make no cycle.)',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^windlass($|/)', '^pg-native$'] },
    },
    mayImport('core', []),
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'core has no I/O: nothing of Node and no package but croner, the cron arithmetic.',
      from: { path: '^core/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg'], pathNot: ['node_modules/croner/'] },
    },
    mayImport('sdk', ['core']),
    mayImport('providers', ['sdk', 'core']),
    mayImport('platform', ['core']),
    mayImport('scheduler', ['core', 'platform'], { fromNot: [DAG_CHILD] }),
    mayImport('worker', ['core', 'platform'], { fromNot: [TASK_PROCESS] }),
    mayImport('triggerer', ['core', 'platform']),
    mayImport('webserver', ['core', 'platform'], { fromNot: [UI] }),
    mayImport('monitor', ['core', 'platform'], { fromNot: [UI] }),
    // Clouds on this machine: a room of its own, because the command line starts them, tests use them, and nobody may import tests.
    mayImport('emulators', ['core', 'platform']),
    mayImport('cli', ['core', 'platform', 'sdk'], { also: ['^(scheduler|worker|triggerer|webserver|monitor|emulators)/main\\.ts$'] }),
    mayImport('dags', ['sdk', 'providers']),
    mayImport('examples', ['sdk', 'providers']),
    mayImport('plugins', ['sdk', 'providers']),
    {
      name: 'caged-children-know-core-and-sdk-only',
      severity: 'error',
      comment: 'They run strangers’ code: no database, no broker, no settings, no secrets.',
      from: { path: [TASK_PROCESS, DAG_CHILD] },
      to: {
        path: ROOMS.filter((room) => room !== 'core' && room !== 'sdk').map((room) => `^${room}/`),
        pathNot: [TASK_PROCESS, DAG_CHILD],
      },
    },
    {
      name: 'pages-know-core-ui-kit-and-their-own-api',
      severity: 'error',
      comment: 'What runs in a browser imports nothing of the server but the types of its own API.',
      from: { path: UI },
      to: {
        path: ROOMS.filter((room) => room !== 'core' && room !== 'ui-kit').map((room) => `^${room}/`),
        pathNot: [UI, '^webserver/ui-api/(people-|admin-|asset-|data-)?types\\.ts$', '^monitor/api/types\\.ts$'],
      },
    },
    mayImport('ui-kit', ['core']),
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^test/' },
    },
    onlyIn('sql-only-in-platform-db', ['pg', 'pg-copy-streams'], ['^platform/db/', '^platform/broker/', '^providers/']),
    onlyIn('redis-only-in-platform-broker', ['bullmq', 'ioredis'], ['^platform/broker/']),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^[^/]+/ui/dist/', '\\.css$'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
