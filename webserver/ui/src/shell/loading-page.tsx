import { Spinner } from '#ui-kit/spinner.tsx';

/** The whole window while the code of a page arrives. */
export function LoadingPage() {
  return (
    <div className="grid h-dvh place-items-center">
      <Spinner size={20} label="Loading Windlass" />
    </div>
  );
}
