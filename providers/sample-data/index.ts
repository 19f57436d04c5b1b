/** `windlass/providers/sample-data`: made-up input for examples and tests. */
export { airportsFile, flightsFile } from './flights.ts';
export { TAXI_COLUMN_TYPES } from './taxi-trip.ts';
export { type TaxiTrips, type TaxiTripsOptions, writeTaxiTrips } from './write-taxi-trips.ts';
export { TITANIC_COLUMN_TYPES, type Titanic, type TitanicOptions, writeTitanic } from './write-titanic.ts';
