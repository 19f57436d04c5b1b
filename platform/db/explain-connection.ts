/** Why Postgres cannot be reached, in words that say what to do. The address is shown, the password never. */
import { AppError } from '#core/errors.ts';

interface Place {
  readonly server: string;
  readonly host: string;
  readonly user: string;
  readonly database: string;
  /** What the driver or the server said. */
  readonly said: string;
}

interface Explanation {
  /** Error codes of Node, SQLSTATEs of Postgres, or a part of the driver's text. */
  readonly when: readonly string[] | RegExp;
  readonly words: (place: Place) => string;
  /** No waiting mends it: somebody has to change something. */
  readonly isFinal?: true;
}

const EXPLANATIONS: readonly Explanation[] = [
  { when: ['ECONNREFUSED'], words: ({ server }) => `nothing listens at ${server}. Start Postgres there, or correct host and port` },
  { when: ['ENOTFOUND', 'EAI_AGAIN'], words: ({ host }) => `there is no host named ${host}. Correct it, or make the name known here` },
  {
    when: ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
    words: ({ server }) => `${server} does not answer. See whether the machine is up and a firewall lets this one through`,
  },
  {
    when: /timeout exceeded when trying to connect/,
    words: ({ server }) => `${server} does not answer in time. See whether it is Postgres, and whether it is overloaded`,
  },
  { when: ['57P03'], words: ({ server, said }) => `${server} is not ready: ${said}. Wait for it` },
  { when: ['53300'], words: ({ server }) => `${server} has no connection left. Raise max_connections there, or stop what holds them` },
  {
    when: ['28P01'],
    words: ({ server, user }) =>
      `${server} refuses the password of the user "${user}". Correct it; characters such as @ / # % must be percent-encoded`,
    isFinal: true,
  },
  {
    when: /client password must be a string/,
    words: ({ server, user }) => `${server} wants a password for the user "${user}". Add it: postgres://user:password@host:5432/database`,
    isFinal: true,
  },
  {
    when: /no pg_hba\.conf entry.*no encryption/s,
    words: ({ server }) => `${server} takes encrypted connections only. Add sslmode=require`,
    isFinal: true,
  },
  {
    when: ['28000'],
    words: ({ server, user, said }) => `${server} refuses the user "${user}": ${said}. Correct the user, or let it in`,
    isFinal: true,
  },
  {
    when: ['3D000'],
    words: ({ server, database }) => `${server} has no database "${database}". Create it (createdb ${database}), or correct the name`,
  },
  {
    when: /server does not support SSL/,
    words: ({ server }) => `${server} does not speak TLS. Take sslmode out, or turn ssl on in Postgres`,
    isFinal: true,
  },
  {
    when: /certificate|self.signed|altname/i,
    words: ({ server, said }) =>
      `the certificate of ${server} is not trusted (${said}). Name its authority with sslrootcert=<file>, or use sslmode=no-verify`,
    isFinal: true,
  },
  {
    when: /unsupported startup parameter/,
    words: ({ server }) =>
      `${server} is a pooler that keeps no sessions (PgBouncer). Name Postgres itself: statements are prepared, and what listens holds a session`,
    isFinal: true,
  },
  {
    when: /received invalid response/,
    words: ({ server }) => `what listens at ${server} does not speak as Postgres does. Correct host and port`,
  },
  { when: /Connection terminated/, words: ({ server }) => `${server} hangs up. See whether it is Postgres, and what its log says` },
];

/** The error for a database that cannot be reached, `details.final` when waiting is no use; undefined for any other error. */
export function explainConnection(error: unknown, url: string): AppError | undefined {
  const { code, sqlState, message = '', path, syscall } = error as { [name: string]: string | undefined } & Error;
  const said = message.replace(/\s+/g, ' ').replace(/[.:]+$/, '');
  if (code === 'ENOENT' && syscall === 'open')
    return unreachable(`DATABASE_URL names the file ${path}, which is not there. Correct sslrootcert, sslcert or sslkey`, true, error);
  const found = EXPLANATIONS.find(({ when }) => (when instanceof RegExp ? when.test(message) : when.includes(code ?? sqlState ?? '')));
  return found && unreachable(found.words(placeOf(url, said)), found.isFinal === true, error);
}

function unreachable(words: string, final: boolean, cause: unknown): AppError {
  return new AppError('DATABASE_UNAVAILABLE', `The database cannot be reached: ${words}. Check DATABASE_URL.`, { final }, { cause });
}

function placeOf(text: string, said: string): Place {
  const url = URL.parse(text);
  const host = url?.searchParams.get('host') ?? url?.hostname ?? '';
  const name = host === '' ? 'localhost' : host;
  return {
    server: host.startsWith('/') ? `the socket in ${host}` : `${name}:${url?.port || '5432'}`,
    host: name,
    user: decodeURIComponent(url?.username ?? ''),
    database: decodeURIComponent(url?.pathname.slice(1) ?? ''),
    said,
  };
}
