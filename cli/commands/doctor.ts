import { Command } from 'commander';
import { parseAge } from '../parse-flag.ts';

interface Flags {
  readonly json?: boolean;
  readonly history: number;
}

/** `windlass doctor`: looks at settings, servers, disks, processes and promises; exit code 1 when something is broken. */
export function doctor(): Command {
  return new Command('doctor')
    .description('Look for what is wrong, and say what to do about it')
    .option('--json', 'print JSON, and nothing else')
    .option('--history <age>', 'check the promises over runs that ended within this time, such as 30d', parseAge('--history'), 86_400_000)
    .action(async (flags: Flags) => {
      const { diagnose } = await import('../doctor/doctor.ts');
      const { sayFindings } = await import('../doctor/say-findings.ts');
      const { print } = await import('../output.ts');
      const findings = await diagnose(flags.history);
      print(flags.json ? JSON.stringify(findings, null, 2) : sayFindings(findings));
      if (findings.some((finding) => finding.health === 'problem')) process.exitCode = 1;
    });
}
