/** Every scenario, in the order in which they run. */
import { data } from './data.ts';
import { fibonacci } from './fibonacci.ts';
import { fleet } from './fleet.ts';
import { fleetDue } from './fleet-due.ts';
import { footprint } from './footprint.ts';
import { giant } from './giant.ts';
import { handover } from './handover.ts';
import { history } from './history.ts';
import { scale } from './scale.ts';
import type { Scenario } from './scenario.ts';
import { throughput } from './throughput.ts';

export const SCENARIOS: readonly Scenario[] = [
  handover('redis'),
  handover('postgres'),
  throughput,
  fibonacci,
  fleet,
  fleetDue,
  giant,
  history,
  scale,
  footprint,
  data,
];
