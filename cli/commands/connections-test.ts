import { Command } from 'commander';

/** `windlass connections test ID`: does what stands behind the connection answer? Exit code 1 if not. */
export function connectionsTest(): Command {
  return new Command('test')
    .description('Try a connection from this machine, wherever it stands; exit code 1 when it does not work')
    .argument('<connection_id>')
    .option('--json', 'print the finding as JSON')
    .action(async (id: string, { json = false }: { readonly json?: boolean }) => {
      const { withDatabase, withWarehouse } = await import('../environment.ts');
      const { print } = await import('../output.ts');
      const { systemClock } = await import('#platform/clock.ts');
      const { openSecretStore, requireConnection } = await import('#platform/secrets/secret-store.ts');
      const { testConnection } = await import('#platform/connection-test/test-connection.ts');
      await withDatabase(async ({ db, config }) => {
        const connection = await requireConnection(openSecretStore({ config: withWarehouse(config), db }), id);
        const { ok, message, tookMs } = await testConnection(connection, systemClock);
        print(
          json
            ? JSON.stringify({ ok, message, tookMs })
            : `${ok ? 'works' : 'does not work'} (${connection.type}, ${tookMs} ms): ${message}`,
        );
        process.exitCode = ok ? 0 : 1;
      });
    });
}
