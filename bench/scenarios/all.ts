/** Every scenario, in the order in which they run. */
import { fibonacci } from './fibonacci.ts';
import { handover } from './handover.ts';
import type { Scenario } from './scenario.ts';
import { throughput } from './throughput.ts';

export const SCENARIOS: readonly Scenario[] = [handover('redis'), handover('postgres'), throughput, fibonacci];
