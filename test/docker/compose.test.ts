// Goal: docker-compose.yaml is what the README says, and each container runs a command that exists. Method: no
// Docker engine is at hand, so the file is parsed, and its commands are looked up in the real command tree.
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../cli/main.ts';

interface Service {
  readonly image?: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
}

const pathOf = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const text = readFileSync(pathOf('docker-compose.yaml'), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const service = (name: string) => compose.services[name] as Service;
const ours = ['windlass-init', 'scheduler', 'worker', 'triggerer', 'webserver', 'monitor', 'lite'];

/** Parses `windlass <args>` as far as the command; throws on an unknown command or flag. */
function findCommand(args: readonly string[]): Command {
  let command: Command = buildProgram();
  let rest = [...args];
  for (
    let next = command.commands.find((one) => one.name() === rest[0]);
    next;
    next = command.commands.find((one) => one.name() === rest[0])
  ) {
    command = next;
    rest = rest.slice(1);
  }
  const { operands, unknown } = command.parseOptions(rest);
  if (unknown.length > 0) throw new Error(`unknown flags: ${unknown.join(' ')}`);
  if (operands.length > 0) throw new Error(`unknown command: ${operands.join(' ')}`);
  return command;
}

test('has the services that users of Airflow expect', () => {
  expect(Object.keys(compose.services).sort()).toEqual([
    'lite',
    'monitor',
    'postgres',
    'redis',
    'scheduler',
    'triggerer',
    'webserver',
    'windlass-init',
    'worker',
  ]);
});

describe.for(ours)('the container %s', (name) => {
  test('runs a command that the command line has', () => {
    const args = service(name).command ?? [];
    expect(args.length).toBeGreaterThan(0);
    expect(findCommand(args).commands).toEqual([]);
  });

  test('runs as WINDLASS_UID and mounts dags, logs and plugins', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
    expect(service(name).user).toBe('${WINDLASS_UID:-50000}:0');
    for (const folder of ['dags', 'logs', 'plugins']) expect(service(name).volumes).toContain(`./${folder}:/opt/windlass/${folder}`);
  });
});

test('the look-up of commands is not blind', () => {
  expect(() => findCommand(['schedular'])).toThrow(/unknown command/);
  expect(() => findCommand(['worker', '--slotz', '8'])).toThrow(/unknown flags/);
});

test('every long-running container has a health check, and those of ours exist', () => {
  for (const [name, { healthcheck }] of Object.entries(compose.services)) {
    if (name === 'windlass-init') continue;
    const [kind, program, ...args] = healthcheck?.test ?? [];
    expect(kind, name).toBe('CMD');
    if (program === 'windlass') findCommand(args);
    if (program === 'node') expect(statSync(pathOf(args[0] as string)).isFile()).toBe(true);
  }
});

test('nothing starts before the database is migrated', () => {
  for (const name of ['scheduler', 'worker', 'triggerer', 'webserver', 'monitor']) {
    expect(service(name).depends_on?.['windlass-init']?.condition, name).toBe('service_completed_successfully');
    expect(service(name).depends_on?.['postgres']?.condition, name).toBe('service_healthy');
  }
});

test('workers can be scaled: no port and no fixed name', () => {
  expect(service('worker').ports).toBeUndefined();
  expect(text).not.toMatch(/container_name/);
});

test('databases are not published, and the pages only to this machine unless asked', () => {
  expect(service('postgres').ports).toBeUndefined();
  expect(service('redis').ports).toBeUndefined();
  for (const name of ['webserver', 'monitor', 'lite'])
    for (const port of service(name).ports ?? []) expect(port).toMatch(/^\$\{PUBLISH_ADDRESS:-127\.0\.0\.1\}:/);
});

test('the lite variant starts only when asked for', () => {
  expect(service('lite').profiles).toEqual(['lite']);
  expect(service('lite').command).toEqual(['standalone']);
  for (const name of Object.keys(compose.services)) if (name !== 'lite') expect(service(name).profiles, name).toBeUndefined();
});

test('every named volume is declared', () => {
  const used = Object.values(compose.services).flatMap((one) => (one.volumes ?? []).map((volume) => volume.split(':')[0] as string));
  for (const volume of used.filter((name) => !name.startsWith('.'))) expect(Object.keys(compose.volumes)).toContain(volume);
});

test('.env has the user id and no secret', () => {
  const env = readFileSync(pathOf('.env'), 'utf8');
  expect(env).toMatch(/^WINDLASS_UID=50000$/m);
  const names = env.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
  expect(names.filter((name) => /PASSWORD|SECRET|TOKEN|KEY|URL/.test(name))).toEqual([]);
  expect(readFileSync(pathOf('.gitignore'), 'utf8')).toMatch(/^\.env\.local$/m);
});
