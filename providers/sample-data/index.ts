/** `windlass/providers/sample-data`: made-up input for examples and tests. */
export { TAXI_COLUMN_TYPES } from './taxi-trip.ts';
export { type TaxiTrips, type TaxiTripsOptions, writeTaxiTrips } from './write-taxi-trips.ts';
