/** What `npm start` shows once everything runs. */
import { styleText } from 'node:util';
import { WINDLASS_VERSION } from '#platform/version.ts';

export interface StartScreen {
  readonly readyAfterMs: number;
  readonly webUrl: string;
  readonly monitorUrl: string;
  /** Logs its user in once, without a password. */
  readonly loginUrl: string;
  readonly username: string;
  /** How to log in, in words; holds the password when it was made just now. */
  readonly password: string;
  readonly database: string;
  readonly broker: string;
  readonly brokerIsSlow: boolean;
  readonly dataFolder: string;
  readonly dagsFolder: string;
  readonly logsFolder: string;
  readonly notes: readonly string[];
}

type Style = Parameters<typeof styleText>[0];

export function startScreen(screen: StartScreen): string {
  const style = (format: Style, text: string) => styleText(format, text, { stream: process.stdout });
  const dim = (text: string) => style('dim', text);
  const link = (text: string) => style('cyan', text);
  const title = `${style(['bold', 'cyan'], 'Windlass')} ${dim(WINDLASS_VERSION)}`;
  const ready = `ready in ${(screen.readyAfterMs / 1000).toFixed(1)} s`;
  const row = (mark: string, label: string, text: string) => `  ${mark} ${label.padEnd(10)} ${text}`;
  const arrow = style('green', '➜');
  return [
    '',
    `  ${title}   ${style('green', ready)}`,
    '',
    row(arrow, 'Web UI', link(screen.webUrl)),
    row(arrow, 'Monitor', link(screen.monitorUrl)),
    row(arrow, 'Log in', link(screen.loginUrl)),
    row(' ', '', dim('this link logs you in once, within the next hour')),
    row(' ', 'User', `${style('bold', screen.username)}, ${screen.password}`),
    '',
    row(' ', 'Database', screen.database),
    row(screen.brokerIsSlow ? style('yellow', '!') : ' ', 'Broker', screen.broker),
    row(' ', 'DAGs', `${screen.dagsFolder} ${dim('(drop a .ts file here)')}`),
    row(' ', 'Data', screen.dataFolder),
    row(' ', 'Logs', screen.logsFolder),
    ...screen.notes.map((note) => row(style('yellow', '!'), 'Note', note)),
    '',
    `  ${dim('Ctrl-C stops everything.')}`,
    '',
  ].join('\n');
}
