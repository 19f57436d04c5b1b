import { Navigate, useSearchParams } from 'react-router';
import { LoginForm, safeNext } from '#ui-kit/login-form.tsx';
import { useSession } from '../api/queries.ts';
import { useLogin } from '../api/session.ts';

export function LoginPage() {
  const [params] = useSearchParams();
  const session = useSession();
  const login = useLogin();
  // A session that has ended keeps its last answer beside the refusal.
  if (session.data !== undefined && session.error === null) return <Navigate to={safeNext(params.get('next'))} replace />;
  return (
    <LoginForm
      title="Log in to Windlass"
      notice={params.get('reason') === 'link-used' ? <LinkUsed /> : null}
      login={login}
      hint={
        <>
          The first start prints a password and a login link in the terminal. New users:{' '}
          <code className="font-mono whitespace-nowrap text-ink-2">windlass users create</code>
        </>
      }
    />
  );
}

function LinkUsed() {
  return (
    <p role="status" className="mb-3 rounded-lg border border-warning-line bg-warning-soft px-3.5 py-2.5 text-sm">
      This login link was used before or is too old. Log in with the password instead.
    </p>
  );
}
