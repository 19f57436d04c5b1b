import { type FormEvent, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { Button } from '#ui-kit/button.tsx';
import { Field, Input } from '#ui-kit/fields.tsx';
import { LogoMark } from '#ui-kit/logo.tsx';
import { ThemeToggle } from '#ui-kit/theme-toggle.tsx';
import { useSession } from '../api/queries.ts';
import { useLogin } from '../api/session.ts';

/** Only paths of this site: an open redirect would serve phishing. */
function safeNext(next: string | null): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/';
}

export function LoginPage() {
  const [params] = useSearchParams();
  const session = useSession();
  const login = useLogin();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  // A session that has ended keeps its last answer beside the refusal.
  if (session.data !== undefined && session.error === null) return <Navigate to={safeNext(params.get('next'))} replace />;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ username, password });
  };
  return (
    <main className="wl-login relative grid min-h-dvh place-items-center px-4">
      <div className="absolute top-4 right-4">
        <ThemeToggle />
      </div>
      <div className="w-full max-w-[340px]">
        <div className="mb-7 flex flex-col items-center gap-3 text-center">
          <LogoMark size={44} />
          <h1 className="text-xl font-semibold tracking-[-0.02em]">Log in to Windlass</h1>
        </div>
        {params.get('reason') === 'link-used' ? (
          <p role="status" className="mb-3 rounded-lg border border-warning-line bg-warning-soft px-3.5 py-2.5 text-sm">
            This login link was used before or is too old. Log in with the password instead.
          </p>
        ) : null}
        <form onSubmit={submit} className="flex flex-col gap-4 rounded-2xl border border-line bg-raised p-6 shadow-2">
          <Field label="Username">
            <Input
              name="username"
              autoComplete="username"
              autoFocus
              required
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          </Field>
          <Field label="Password" error={login.error?.message}>
            <Input
              name="password"
              type="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <Button type="submit" variant="primary" isBusy={login.isPending} className="mt-1 w-full">
            Log in
          </Button>
        </form>
        <p className="mt-5 text-center text-xs text-ink-3">
          The first start prints a password and a login link in the terminal. New users:{' '}
          <code className="font-mono whitespace-nowrap text-ink-2">windlass users create</code>
        </p>
      </div>
    </main>
  );
}
