/**
 * A tour of the authoring API in one small DAG, without a network: a sensor, a map over a list that is known only
 * at run time, a group, and a branch whose cases end in one value. The readings are made up.
 */
import { dag, notYet } from 'windlass';
import { z } from 'zod';

interface Station {
  readonly name: string;
  /** Mean temperature, °C. */
  readonly meanTemperature: number;
}

const STATIONS: readonly Station[] = [
  { name: 'Hamburg', meanTemperature: 6 },
  { name: 'Berlin', meanTemperature: 5 },
  { name: 'Freiburg', meanTemperature: 8 },
  { name: 'Zugspitze', meanTemperature: -9 },
];

/** A day of hourly readings around a station's mean; the same every time. */
function hourlyReadings(station: Station): { temperature: number; windKmh: number }[] {
  return Array.from({ length: 24 }, (_, hour) => ({
    temperature: station.meanTemperature + 4 * Math.sin(((hour - 9) * Math.PI) / 12),
    windKmh: 12 + ((hour * station.name.length * 7) % 40) + (station.meanTemperature < 0 ? 45 : 0),
  }));
}

export default dag(
  'weather_report',
  {
    description: 'Sensor, map, group and branch in one small example',
    tags: ['example'],
    schedule: '@daily',
    isPausedUponCreation: true,
    params: z.strictObject({
      stormKmh: z.number().min(1).default(75).describe('Wind from this speed on is a storm.'),
      readyAfterSeconds: z.number().min(0).max(60).default(2).describe('How long after the logical date the stations report.'),
    }),
  },
  ({ sensor, task, map, group, branch }) => {
    // Holds no worker slot between its checks.
    const reported = sensor(
      'stations_reported',
      (ctx) => {
        const waitedSeconds = (Date.now() - ctx.run.logicalDate.getTime()) / 1000;
        if (waitedSeconds < ctx.params.readyAfterSeconds) return notYet({ note: `waited ${waitedSeconds.toFixed(1)} s` });
        ctx.log.info(`all ${STATIONS.length} stations have reported`);
        return STATIONS.map((station) => ({ ...station }));
      },
      { every: '1s', timeout: '2m' },
    );

    // One instance per station, at most three at once.
    const summaries = map(
      'summarise',
      reported,
      (station, ctx) => {
        const readings = hourlyReadings(station);
        const temperatures = readings.map((reading) => reading.temperature);
        const summary = {
          station: station.name,
          coldest: Math.round(Math.min(...temperatures)),
          warmest: Math.round(Math.max(...temperatures)),
          gustKmh: Math.max(...readings.map((reading) => reading.windKmh)),
        };
        ctx.log.info(`${summary.station}: ${summary.coldest} to ${summary.warmest} °C, gusts of ${summary.gustKmh} km/h`);
        return summary;
      },
      { label: (station) => station.name, maxActive: 3 },
    );

    const extremes = group('extremes', (g) => ({
      coldest: g.task('coldest', { summaries }, ({ summaries }) => summaries.reduce((a, b) => (b.coldest < a.coldest ? b : a)).station),
      windiest: g.task('windiest', { summaries }, ({ summaries }) => {
        const { station, gustKmh } = summaries.reduce((a, b) => (b.gustKmh > a.gustKmh ? b : a));
        return { station, gustKmh };
      }),
    }));

    // Exactly one case runs; the other is skipped.
    const headline = branch(
      'is_it_a_storm',
      { windiest: extremes.windiest },
      ({ windiest }, ctx) => (windiest.gustKmh >= ctx.params.stormKmh ? 'storm' : 'calm'),
      {
        storm: (b) =>
          b.task('warn', { windiest: extremes.windiest }, ({ windiest }) => `Storm at ${windiest.station}: ${windiest.gustKmh} km/h`),
        calm: (b) => b.task('reassure', () => 'No storm today'),
      },
    );

    return task('publish', { headline, coldest: extremes.coldest, summaries }, ({ headline, coldest, summaries }, ctx) => {
      const report = `${headline}. Coldest: ${coldest}. ${summaries.length} stations.`;
      ctx.log.info(report);
      return report;
    });
  },
);
