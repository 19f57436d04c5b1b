/** Probes of triggerer, web server and migrator. */
import type { Probe, ProbedProcess } from './probe-table.ts';

const at =
  <Process extends ProbedProcess>(process: Process) =>
  <Room extends string>(room: Room, done: string, lacks: string, outcome: string) =>
    ({ process, room, done, lacks, outcome }) as const satisfies Probe;
const triggerer = at('triggerer');
const webserver = at('webserver');
const migrator = at('migrator');

const WAITED_FOR = 'Another triggerer takes the wait over; it ends once.';
const ONE_CHANGE = 'The change is wholly there or not at all, with its audit row; the same request again is harmless.';
const WATCHED = 'The change of the asset is told once.';

export const SERVING_PROBES = {
  'triggerer.before_claim': triggerer('triggerer', 'waits have no owner', 'the claim', WAITED_FOR),
  'triggerer.after_claim': triggerer('triggerer', 'waits are its own', 'anybody here who knows of them', WAITED_FOR),
  'triggerer.before_fire': triggerer('triggerer', 'what was waited for has come', 'the end of the wait', WAITED_FOR),
  'triggerer.after_fire': triggerer(
    'triggerer',
    'the wait has ended',
    'the ring of the scheduler',
    'The scheduler finds the end in the rows.',
  ),
  'triggerer.after_take_over': triggerer('triggerer', 'waits of a dead triggerer are free', 'their claim', WAITED_FOR),
  'assetWatch.before_save': triggerer('triggerer', 'a watched asset was looked at', 'what was seen, and its event', WATCHED),
  'assetWatch.after_save': triggerer('triggerer', 'the event is in Postgres', 'the news of it', WATCHED),
  'assetListen.before_save': triggerer('triggerer', 'something was heard', 'the event of it', WATCHED),
  'assetListen.after_save': triggerer('triggerer', 'the event is in Postgres', 'the acknowledgement, and the news of it', WATCHED),

  'api.after_auth': webserver('webserver/http', 'the caller is known', 'anything of the change', ONE_CHANGE),
  'api.before_commit': webserver('webserver/http', 'change and audit row are written', 'the commit', ONE_CHANGE),
  'api.after_commit_before_response': webserver('webserver/http', 'the change is in Postgres', 'the news of it and the answer', ONE_CHANGE),
  'clear.before_touch': webserver('platform/change-of-mind', 'instances are cleared', 'their runs, and the commit', ONE_CHANGE),
  'mark.before_touch': webserver('platform/change-of-mind', 'instances are marked', 'their runs, and the commit', ONE_CHANGE),

  'migrate.mid_file': migrator(
    'platform/db',
    'a file of the schema is applied',
    'the note of it, and the commit',
    'The file is applied wholly or not at all; the next migrator goes on.',
  ),
  'migrate.between_files': migrator(
    'platform/db',
    'a file is applied and noted',
    'the next file',
    'The next migrator goes on after it; the schema is the same in the end.',
  ),
  'migrate.before_guard': migrator('platform/db', 'all files are applied', 'the guard of the states', 'The next migrator makes the guard.'),
} as const;
