/** Real flights, three million of them, from 2001-01-01 to 2001-06-30: they come along with the package `vega-datasets`. */
import { dirname, join } from 'node:path';
import { installedPackage } from '#sdk/installed-package.ts';

/** Path of a Parquet file with the columns date (timestamp), delay, distance (int64), origin, destination (text). */
export function flightsFile(): string {
  return join(dirname(installedPackage('vega-datasets')), '../data/flights-3m.parquet');
}

/** Path of a CSV with the columns iata, name, city, state, country, latitude, longitude. */
export function airportsFile(): string {
  return join(dirname(installedPackage('vega-datasets')), '../data/airports.csv');
}
