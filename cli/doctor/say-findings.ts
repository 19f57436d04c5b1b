/** How `windlass doctor` says what it found: a line a check, what is wrong below it, and a last line that sums up. */
import { styleText } from 'node:util';
import type { Finding, Health } from './finding.ts';

const SIGNS: Readonly<Record<Health, readonly [string, 'green' | 'yellow' | 'red']>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
};

export function sayFindings(findings: readonly Finding[]): string {
  const paint = (style: 'green' | 'yellow' | 'red' | 'dim' | 'bold', text: string) => styleText(style, text, { stream: process.stdout });
  const width = Math.max(...findings.map((finding) => finding.check.length));
  const lines = findings.flatMap(({ check, health, words, next, details = [] }) => {
    const [sign, colour] = SIGNS[health];
    return [
      `${paint(colour, `[${sign}]`)} ${paint('bold', check.padEnd(width))}  ${words}`,
      ...details.map((detail) => `    ${paint('dim', '•')} ${detail}`),
      ...(next === undefined ? [] : [`    ${paint(colour, '→')} ${next}`]),
    ];
  });
  return [...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const count = (health: Health, word: string) => {
    const n = findings.filter((finding) => finding.health === health).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  const bad = [...count('problem', 'problem'), ...count('warning', 'warning')];
  return bad.length === 0 ? `All is well: ${findings.length} checks.` : `${bad.join(' and ')} in ${findings.length} checks.`;
}
