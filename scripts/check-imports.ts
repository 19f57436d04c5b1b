/**
 * Checks the import law (.dependency-cruiser.cjs) over all rooms. Prints what breaks it; exit code 1 when
 * something does. A folder as argument is checked instead of this project (the law's own test plants mistakes).
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type ICruiseOptions } from 'dependency-cruiser';
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';

const ROOMS = [
  'core',
  'sdk',
  'platform',
  'scheduler',
  'worker',
  'triggerer',
  'webserver',
  'monitor',
  'providers',
  'emulators',
  'cli',
  'dags',
  'examples',
  'plugins',
  'ui-kit',
];

// TypeScript 7 has no API that dependency-cruiser could use, and the visitor of swc that it uses instead does
// not know `using` declarations: it is taught them here.
interface SwcVisitor {
  visitStatement(statement: { type: string; decls?: unknown }): unknown;
  visitVariableDeclarators(declarators: unknown): unknown;
}
const { Visitor } = createRequire(import.meta.url)('@swc/core/Visitor.js') as { Visitor: { prototype: SwcVisitor } };
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

const folder = process.argv[2] ?? join(import.meta.dirname, '..');
process.chdir(folder);
const config = (await extractConfig(join(import.meta.dirname, '../.dependency-cruiser.cjs'))) as ICruiseOptions & {
  options: ICruiseOptions;
};
const { options, ...ruleSet } = config;
const rooms = ROOMS.filter((room) => existsSync(room));
const result = await cruise(
  rooms,
  { ...options, ruleSet, validate: true, outputType: 'err-long' } as ICruiseOptions,
  options.enhancedResolveOptions,
);
// The remark about a missing TypeScript compiler is not for us: swc reads the sources.
process.stdout.write(`${String(result.output).split('‼ missing-tsc-transpiler')[0]?.trimEnd()}\n`);
process.exitCode = result.exitCode === 0 ? 0 : 1;
