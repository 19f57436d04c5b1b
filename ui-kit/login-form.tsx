import { type FormEvent, type ReactNode, useState } from 'react';
import { Button } from './button.tsx';
import { Field, Input } from './fields.tsx';
import { LogoMark } from './logo.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface LoginFormProps {
  readonly title: string;
  /** Why one has to log in (again). */
  readonly notice?: ReactNode;
  /** Where users come from. */
  readonly hint: ReactNode;
  readonly login: { readonly mutate: (credentials: Credentials) => void; readonly isPending: boolean; readonly error: Error | null };
}

/** Only paths of this site: an open redirect would serve phishing. */
export function safeNext(next: string | null): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/';
}

/** The page that asks for a name and a password. */
export function LoginForm({ title, notice, hint, login }: LoginFormProps) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
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
          <h1 className="text-xl font-semibold tracking-[-0.02em]">{title}</h1>
        </div>
        {notice}
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
        <p className="mt-5 text-center text-xs text-ink-3">{hint}</p>
      </div>
    </main>
  );
}
