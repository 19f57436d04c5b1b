/** A length of time, as Python's timedelta. */
export class Span {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** "1 day, 2:00:00", as Python prints it. */
  toString(): string {
    const days = Math.floor(this.ms / DAY_MS);
    const rest = this.ms - days * DAY_MS;
    const hours = Math.floor(rest / 3_600_000);
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
    const fraction = rest % 1_000 === 0 ? '' : `.${String(Math.round((rest % 1_000) * 1_000)).padStart(6, '0')}`;
    const clock = `${hours}:${two((rest / 60_000) % 60)}:${two((rest / 1_000) % 60)}${fraction}`;
    return days === 0 ? clock : `${days} ${Math.abs(days) === 1 ? 'day' : 'days'}, ${clock}`;
  }
}

const DAY_MS = 86_400_000;

/** Milliseconds of each unit that has a fixed length. */
export const UNIT_MS: Readonly<Record<string, number>> = {
  weeks: 7 * DAY_MS,
  days: DAY_MS,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
  microseconds: 0.001,
};
