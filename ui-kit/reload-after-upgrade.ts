const RELOAD_AGAIN_AFTER_MS = 30_000;
const RELOADED_AT = 'windlass-reloaded-at';

/** After an upgrade of the server an open page asks for code that is gone: it starts anew, but not in a loop. */
export function reloadAfterUpgrade(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const lastAt = Number(window.sessionStorage.getItem(RELOADED_AT) ?? 0);
    if (Date.now() - lastAt < RELOAD_AGAIN_AFTER_MS) return;
    event.preventDefault();
    window.sessionStorage.setItem(RELOADED_AT, String(Date.now()));
    window.location.reload();
  });
}
