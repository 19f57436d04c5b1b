import { Bundle, Dag } from '@apache-airflow/ts-sdk';
import { approval, type HITLResult, hitl } from '@apache-airflow/ts-sdk/hitl';

interface Report {
  readonly version: string;
}

const release = new Dag('airflow_release', { tags: ['hitl'] });
const report = release.task('build_report', async (): Promise<Report> => ({ version: '1.4.0' }))();
const signOff = release.task(
  'sign_off',
  approval({
    subject: ({ report }: { report: Report }) => `Ship release ${report.version}?`,
    assignedUsers: [{ id: 'op', name: 'Operator' }],
  }),
)({ report });
signOff.before(release.task('publish', async () => 'published')());

const rollout = release.task(
  'size_rollout',
  hitl({
    subject: 'Which regions?',
    options: ['us', 'eu', 'apac'],
    multiple: true,
    defaults: ['eu'],
    params: { replicas: { value: 3, description: 'How many', schema: { type: 'integer', minimum: 1, maximum: 10 } } },
  }),
)();
release.task('deploy', async ({ answer }: { answer: HITLResult }) => ({
  to: answer.chosenOptions,
  replicas: answer.paramsInput['replicas'],
  by: answer.respondedByUser?.id ?? 'nobody',
  timedout: answer.timedout,
}))({ answer: rollout });

const unattended = release.task(
  'unattended',
  hitl({ subject: 'Anybody?', options: ['yes', 'no'], defaults: ['no'], responseTimeout: 1 }),
)();
release.task('after_all', ({ answer }: { answer: HITLResult }) => [answer.chosenOptions, answer.respondedByUser, answer.timedout])({
  answer: unattended,
});

await new Bundle(release).serve();
