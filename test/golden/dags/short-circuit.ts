/** Gates that are closed for everything below, closed for what follows directly, and open. */
import { dag } from 'windlass';

export default dag('golden_short_circuit', {}, ({ gate, latestOnly, task }) => {
  const closed = task('below_closed', () => 1, { after: gate('closed', {}, () => false) });
  task('far_below_closed', () => 1, { after: closed, triggerRule: 'all_done' });
  const near = task('below_near', () => 1, { after: gate('near', {}, () => false, { ignoreDownstreamTriggerRules: false }) });
  task('far_below_near', () => 1, { after: near, triggerRule: 'all_done' });
  task('below_open', () => 1, { after: gate('open', {}, () => true) });
  task('below_latest', () => 1, { after: latestOnly('latest') });
});
