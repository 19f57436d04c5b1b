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
  if (session.data !== undefined) return <Navigate to={safeNext(params.get('next'))} replace />;

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
          <h1 className="text-xl font-semibold tracking-[-0.02em]">Log in to the monitor</h1>
        </div>
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
        <p className="mt-5 text-center text-xs text-ink-3">The same users as on the web UI: who is logged in there is logged in here.</p>
      </div>
    </main>
  );
}
