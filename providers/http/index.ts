/** `windlass/providers/http`: web requests as tasks. */
export { type HttpInput, type HttpResult, http } from './http.ts';
