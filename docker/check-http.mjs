// For health checks: exits with 0 when the address answers, with 1 when it does not or says that it is unhealthy.
try {
  const answer = await fetch(process.argv[2], { signal: AbortSignal.timeout(8_000), redirect: 'manual' });
  process.exit(answer.status < 500 ? 0 : 1);
} catch (error) {
  process.stderr.write(`${process.argv[2]}: ${error.message}\n`);
  process.exit(1);
}
