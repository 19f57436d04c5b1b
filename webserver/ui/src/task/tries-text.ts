/** "2 of 3": the try, and how many there are at most. `maxTries` counts the retries after the first one, as Airflow does. A dash before the first one. */
export function triesText({ tryNumber, maxTries }: { readonly tryNumber: number; readonly maxTries: number }): string {
  if (tryNumber === 0) return '–';
  return `${tryNumber} of ${Math.max(tryNumber, maxTries + 1)}`;
}
