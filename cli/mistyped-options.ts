/**
 * An option that is mistyped is said before one that is missing, since they are often the same one; and without the value it was
 * given, beside which no option looks alike. Commander does it the other way round.
 */
import type { Command, Option } from 'commander';

/** What commander calls, and keeps out of its types. */
interface Complaining {
  unknownOption(flag: string): void;
  missingMandatoryOptionValue(option: Option): void;
}

export function sayMistypedFirst(command: Command): void {
  const complaining = command as unknown as Complaining;
  const unknown = complaining.unknownOption.bind(command);
  const missing = complaining.missingMandatoryOptionValue.bind(command);
  complaining.unknownOption = (flag) => unknown(flag.split('=', 1)[0] as string);
  complaining.missingMandatoryOptionValue = (option) => {
    // What it took for options is in `args` no more.
    const mistyped = command.args.find((text) => /^-./.test(text));
    if (mistyped !== undefined) complaining.unknownOption(mistyped);
    missing(option);
  };
}
