/** `windlass/providers/singer`: taps and targets of Singer, as processes. */
export { type SingerOptions, type SingerProgram, type SingerResult, singer } from './singer.ts';
