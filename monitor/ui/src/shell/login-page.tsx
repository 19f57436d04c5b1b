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
      title="Log in to the monitor"
      login={login}
      hint="The same users as on the web UI: who is logged in there is logged in here."
    />
  );
}
