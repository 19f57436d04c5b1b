/** `windlass/providers/sample-data`: made-up input for examples and tests. */
export { type TaxiTrips, type TaxiTripsOptions, writeTaxiTrips } from './write-taxi-trips.ts';
