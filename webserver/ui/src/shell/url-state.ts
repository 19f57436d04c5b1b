import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Changes for the address: null or '' takes a parameter out. */
export type UrlChange = Readonly<Record<string, string | number | null>>;

/** The query of the address and a way to change parts of it. Filters replace, selections may push. */
export function useUrlState(): readonly [URLSearchParams, (change: UrlChange, how?: 'replace' | 'push') => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (values: UrlChange, how: 'replace' | 'push' = 'replace') =>
      setParams(
        (current) => {
          const next = new URLSearchParams(current);
          for (const [name, value] of Object.entries(values))
            if (value === null || value === '') next.delete(name);
            else next.set(name, String(value));
          return next;
        },
        { replace: how === 'replace', preventScrollReset: true },
      ),
    [setParams],
  );
  return [params, change];
}

/** Reads a whole number from the address; anything else gives the fallback. */
export function readNumber(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}
