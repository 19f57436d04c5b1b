import { Command } from 'commander';

/** `windlass db migrate`: brings the schema up to date and makes the first admin. Safe to run at any time, also twice at once. */
export function dbMigrate(): Command {
  return new Command('migrate').description('Bring the database up to date and make the first admin').action(async () => {
    const { openCliDatabase } = await import('../environment.ts');
    const { ensureFirstAdmin } = await import('#platform/auth/users.ts');
    const { migrate } = await import('#platform/db/migrate.ts');
    const { makeSecretKeyFile } = await import('#platform/config/secret-file.ts');
    const { say } = await import('../output.ts');
    const keyFile = makeSecretKeyFile();
    if (keyFile !== null) say(`Made the key that encrypts connections and variables: ${keyFile}. Keep a copy of it.`);
    const { config, db } = await openCliDatabase();
    try {
      const applied = await migrate(db);
      for (const name of applied) say(`applied ${name}`);
      say(applied.length === 0 ? 'The database is up to date.' : `The database is up to date (${applied.length} migrations applied).`);
      const admin = await ensureFirstAdmin(db, config.adminPassword);
      if (admin.password === null) return;
      const password = config.adminPassword.isSet
        ? 'the password from WINDLASS_ADMIN_PASSWORD'
        : `the password ${admin.password} (shown only this once)`;
      say(`Made the first user, ${admin.username}, with ${password}.`);
    } finally {
      await db.close();
    }
  });
}
