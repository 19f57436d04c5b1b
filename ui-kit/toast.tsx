import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';

export interface ToastMessage {
  readonly tone: 'good' | 'danger';
  readonly title: string;
  /** What happened in more words, or what to do next. */
  readonly detail?: ReactNode;
  readonly action?: ReactNode;
}

type ShowToast = (message: ToastMessage) => void;

const ToastContext = createContext<ShowToast>(() => undefined);

/** Failures stay longer: they have to be read. */
const SHOWN_MS = { good: 5_000, danger: 12_000 } as const;

/** Gives the function that shows a toast. */
export function useToast(): ShowToast {
  return useContext(ToastContext);
}

/** Holds the toasts of an app, bottom right; at most four at a time. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly (ToastMessage & { readonly id: number })[]>([]);
  const nextId = useRef(1);
  const dismiss = useCallback((id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), []);
  const show = useCallback<ShowToast>(
    (message) => {
      const id = nextId.current++;
      setToasts((shown) => [...shown.slice(-3), { ...message, id }]);
      window.setTimeout(() => dismiss(id), SHOWN_MS[message.tone]);
    },
    [dismiss],
  );
  const list = useMemo(
    () => toasts.map((toast) => <Toast key={toast.id} toast={toast} onClose={() => dismiss(toast.id)} />),
    [toasts, dismiss],
  );
  return (
    <ToastContext.Provider value={show}>
      {children}
      <section
        aria-label="Notifications"
        aria-live="polite"
        className="pointer-events-none fixed right-4 bottom-4 z-50 flex w-[360px] max-w-[calc(100vw-32px)] flex-col gap-2"
      >
        {list}
      </section>
    </ToastContext.Provider>
  );
}

function Toast({ toast, onClose }: { toast: ToastMessage; onClose: () => void }) {
  const Icon = toast.tone === 'good' ? CircleCheck : CircleAlert;
  return (
    <div
      role={toast.tone === 'danger' ? 'alert' : 'status'}
      className="wl-rise pointer-events-auto flex items-start gap-3 rounded-xl border border-line bg-raised px-3.5 py-3 shadow-3"
    >
      <Icon size={16} className={toast.tone === 'good' ? 'mt-0.5 shrink-0 text-good' : 'mt-0.5 shrink-0 text-danger'} />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{toast.title}</p>
        {toast.detail === undefined ? null : <p className="mt-0.5 text-xs break-words text-ink-2">{toast.detail}</p>}
        {toast.action === undefined ? null : <div className="mt-1.5 text-xs font-medium">{toast.action}</div>}
      </div>
      <button type="button" aria-label="Dismiss" onClick={onClose} className="text-ink-3 hover:text-ink">
        <X size={14} />
      </button>
    </div>
  );
}
