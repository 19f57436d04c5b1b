/** "2 of 3": the try, and how many there are at most. `maxTries` counts the retries after the first one, as Airflow does. */
export function triesText({ tryNumber, maxTries }: { readonly tryNumber: number; readonly maxTries: number }): string {
  return `${tryNumber} of ${Math.max(tryNumber, maxTries + 1)}`;
}
