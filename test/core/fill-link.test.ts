// Goal: links of plugins get what they are about, and nothing in it can change where they lead.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillLink, linksFor } from '#core/fill-link.ts';
import type { PluginLink } from '#core/plugin-protocol.ts';

test('names in braces become values; what has none yet becomes nothing; unknown names stay', () => {
  const filled = fillLink('https://x/{dag_id}?r={run_id}&e={end}&o={other}', {
    dag_id: 'a b',
    run_id: 'manual__2026-01-01T00:00:00+00:00',
    end: null,
  });
  expect(filled).toBe('https://x/a%20b?r=manual__2026-01-01T00%3A00%3A00%2B00%3A00&e=&o={other}');
});

test('no value leads to another place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const url = new URL(fillLink('https://logs.example.com/search/{dag_id}?t={task_id}#x', { dag_id: `v${value}`, task_id: value }));
      expect([url.protocol, url.host, url.searchParams.get('t'), url.hash]).toEqual(['https:', 'logs.example.com', value, '#x']);
      expect(url.pathname.split('/')).toHaveLength(3);
    }),
  );
});

test('a link is shown at its place, and on tasks of its operators only', () => {
  const link = (name: string, on: PluginLink['on'], operators: readonly string[] | null = null): PluginLink => ({
    name,
    href: '/',
    on,
    operators,
  });
  const links = [link('all', 'task'), link('sql', 'task', ['sql']), link('run', 'run')];
  expect(linksFor(links, 'task', 'bash').map((one) => one.name)).toEqual(['all']);
  expect(linksFor(links, 'task', 'sql').map((one) => one.name)).toEqual(['all', 'sql']);
  expect(linksFor(links, 'run').map((one) => one.name)).toEqual(['run']);
});
