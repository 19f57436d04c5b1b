/** Thrown through a rendering, caught by whoever began it; no template error. */
export class Signal extends Error {}
