/**
 * Browsers open at most six connections to a server over HTTP/1.1, all tabs together, and every push stream holds
 * one. A tab that nobody has looked at for a while gives its streams back, or the seventh tab would load for ever.
 */
const HIDDEN_FOR_MS = 15_000;

/** Calls `open` now and whenever the page is looked at again, `close` when it has been hidden for a while. Gives the function that ends it. */
export function whileVisible(open: () => void, close: () => void): () => void {
  let isOpen = false;
  let timer: number | undefined;
  const show = () => {
    window.clearTimeout(timer);
    timer = undefined;
    if (isOpen) return;
    isOpen = true;
    open();
  };
  const hide = () => {
    timer ??= window.setTimeout(() => {
      isOpen = false;
      close();
    }, HIDDEN_FOR_MS);
  };
  const onChange = () => (document.visibilityState === 'hidden' ? hide() : show());
  document.addEventListener('visibilitychange', onChange);
  show();
  // A tab opened in the background gets no event until it is looked at.
  if (document.visibilityState === 'hidden') hide();
  return () => {
    document.removeEventListener('visibilitychange', onChange);
    window.clearTimeout(timer);
    close();
  };
}
