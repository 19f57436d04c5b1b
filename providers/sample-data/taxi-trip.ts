/**
 * One made-up yellow taxi trip of January 2021 as a CSV line: columns, number formats and oddities are those of the
 * files that the NYC Taxi & Limousine Commission published; every value is drawn by a seeded generator.
 */
import type { CsvTypes } from '../csv/csv-types.ts';
import { normal, type Random, weighted } from './random.ts';

/** The columns in the file's order, with the types they are read as. */
export const TAXI_COLUMN_TYPES = {
  VendorID: 'int64',
  tpep_pickup_datetime: 'timestamp',
  tpep_dropoff_datetime: 'timestamp',
  passenger_count: 'int64',
  trip_distance: 'float64',
  RatecodeID: 'int64',
  store_and_fwd_flag: 'text',
  PULocationID: 'int64',
  DOLocationID: 'int64',
  payment_type: 'int64',
  fare_amount: 'float64',
  extra: 'float64',
  mta_tax: 'float64',
  tip_amount: 'float64',
  tolls_amount: 'float64',
  improvement_surcharge: 'float64',
  total_amount: 'float64',
  congestion_surcharge: 'float64',
} as const satisfies CsvTypes;

export const TAXI_HEADER = Object.keys(TAXI_COLUMN_TYPES).join(',');

/** Share of trips recorded with zero passengers: 25,671 of 1,369,769 in the original. */
export const ZERO_PASSENGER_SHARE = 0.01874;
/** Share of trips without vendor, passengers, rate code, flag and payment type. They stand at the end of the file. */
export const INCOMPLETE_SHARE = 0.0718;

const MONTH_START_MS = Date.UTC(2021, 0, 1);
const DAYS = 31;
const MS_PER_DAY = 86_400_000;

/** Trips by hour of the day, January 2021: few at night, most in the afternoon. */
const HOURLY = [14, 9, 6, 4, 4, 7, 18, 36, 46, 46, 48, 53, 59, 62, 69, 73, 74, 75, 69, 52, 39, 33, 28, 20];
const HOURLY_TOTAL = HOURLY.reduce((sum, weight) => sum + weight, 0);

const pickPassengers = weighted([
  [1, 0.752],
  [2, 0.146],
  [3, 0.037],
  [4, 0.015],
  [5, 0.027],
  [6, 0.022],
  [7, 0.00001],
]);
const pickPayment = weighted([
  [1, 0.735],
  [2, 0.253],
  [3, 0.008],
  [4, 0.004],
]);
/** Busy zones of Manhattan, the airports, and now and then any of the 265. */
const pickZone = weighted<number | null>([
  [236, 5.5],
  [237, 5.8],
  [141, 3.4],
  [186, 3.1],
  [162, 2.9],
  [142, 2.9],
  [170, 2.7],
  [239, 2.6],
  [238, 2.5],
  [263, 2.4],
  [140, 2.4],
  [161, 2.3],
  [234, 2.2],
  [48, 2.2],
  [79, 2.1],
  [68, 2],
  [107, 2],
  [229, 1.9],
  [75, 1.8],
  [43, 1.7],
  [132, 1.6],
  [138, 1.1],
  [null, 30],
]);
const JFK = 132;

/** Rate codes. */
const STANDARD = 1;
const JFK_FLAT = 2;
const NEGOTIATED = 5;

function pad(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** "2021-01-31 23:59:59" */
function timestamp(ms: number): string {
  const date = new Date(ms);
  return (
    `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())} ` +
    `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`
  );
}

/** Cents as the files spell money: 930 -> "9.3", 900 -> "9". */
function money(cents: number): string {
  return String(cents / 100);
}

/** Hundredths of a mile as the files spell distances: 150 -> "1.50", 30 -> ".30". */
function miles(hundredths: number): string {
  const text = (hundredths / 100).toFixed(2);
  return text.startsWith('0') ? text.slice(1) : text;
}

/** The moment that a share (0..1) of the month's trips come before. */
function pickupAt(share: number): number {
  const day = Math.min(Math.floor(share * DAYS), DAYS - 1);
  let left = (share * DAYS - day) * HOURLY_TOTAL;
  let hour = 0;
  while (hour < 23 && left >= (HOURLY[hour] as number)) left -= HOURLY[hour++] as number;
  return MONTH_START_MS + day * MS_PER_DAY + (hour + Math.min(left / (HOURLY[hour] as number), 0.9999)) * 3_600_000;
}

interface Ride {
  readonly pickupMs: number;
  readonly dropoffMs: number;
  readonly distance: number;
  readonly pickupZone: number;
  readonly dropoffZone: number;
  readonly hour: number;
}

function ride(random: Random, share: number): Ride {
  const pickupZone = pickZone(random) ?? 1 + Math.floor(random() * 265);
  const dropoffZone = pickZone(random) ?? 1 + Math.floor(random() * 265);
  const toAirport = pickupZone === JFK || dropoffZone === JFK;
  const typicalMiles = toAirport ? 15 : 1.7;
  const distance = random() < 0.012 ? 0 : Math.round(typicalMiles * Math.exp(normal(random) * (toAirport ? 0.25 : 0.75)) * 100);
  const milesPerHour = 6 + random() * 10 + (toAirport ? 14 : 0);
  const pickupMs = Math.floor(pickupAt(share) / 1000) * 1000;
  const seconds = 40 + Math.round((distance / 100 / milesPerHour) * 3600);
  return { pickupMs, dropoffMs: pickupMs + seconds * 1000, distance, pickupZone, dropoffZone, hour: new Date(pickupMs).getUTCHours() };
}

/** A complete trip; `share` (0..1) is its place in the month. */
export function completeTrip(random: Random, share: number): { readonly line: string; readonly passengers: number } {
  const { pickupMs, dropoffMs, distance, pickupZone, dropoffZone, hour } = ride(random, share);
  const vendor = random() < 0.31 ? 1 : 2;
  const passengers = random() < ZERO_PASSENGER_SHARE / (1 - INCOMPLETE_SHARE) ? 0 : pickPassengers(random);
  const rate = (pickupZone === JFK || dropoffZone === JFK) && random() < 0.7 ? JFK_FLAT : random() < 0.006 ? NEGOTIATED : STANDARD;
  const fare = rate === JFK_FLAT ? 5200 : 250 + Math.round(distance / 20) * 50 + Math.floor(random() * 5) * 50;
  const congestion = rate === NEGOTIATED || random() < 0.08 ? 0 : 250;
  const surcharge = rate === JFK_FLAT ? 0 : hour >= 20 || hour < 6 ? 50 : hour >= 16 ? 100 : 0;
  // Vendor 1 counts the congestion surcharge into `extra` as well.
  const extra = vendor === 1 ? surcharge + congestion : surcharge;
  const payment = pickPayment(random);
  const tolls = distance > 900 && random() < 0.5 ? 612 : 0;
  const due = fare + surcharge + 50 + tolls + 30 + congestion;
  const tip = payment === 1 && random() < 0.95 ? Math.round(due * (random() < 0.6 ? 0.2 : 0.1 + random() * 0.2)) : 0;
  // Refunds of vendor 2 repeat the trip with every amount negative.
  const sign = vendor === 2 && payment >= 3 && random() < 0.5 ? -1 : 1;
  const line =
    `${vendor},${timestamp(pickupMs)},${timestamp(dropoffMs)},${passengers},${miles(distance)},${rate},${random() < 0.014 ? 'Y' : 'N'},` +
    `${pickupZone},${dropoffZone},${payment},${money(sign * fare)},${money(sign * extra)},${money(sign * 50)},${money(sign * tip)},` +
    `${money(sign * tolls)},${money(sign * 30)},${money(sign * (due + tip))},${money(sign * congestion)}\n`;
  return { line, passengers };
}

/** A trip without vendor, passengers, rate code, flag and payment type: times in whole minutes, odd fares. */
export function incompleteTrip(random: Random, share: number): string {
  const { pickupMs, dropoffMs, distance, pickupZone, dropoffZone } = ride(random, share);
  const minute = (ms: number) => timestamp(Math.floor(ms / 60_000) * 60_000);
  const fare = 800 + Math.round(random() * 4200);
  const tip = random() < 0.5 ? 275 : 0;
  const tolls = random() < 0.1 ? 612 : 0;
  return (
    `,${minute(pickupMs)},${minute(dropoffMs + 60_000)},,${miles(distance)},,,${pickupZone},${dropoffZone},,${money(fare)},0,0.5,` +
    `${money(tip)},${money(tolls)},0.3,${money(fare + 50 + tip + tolls + 30)},0\n`
  );
}
