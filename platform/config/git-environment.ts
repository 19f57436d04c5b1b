/** What git gets of our environment: where it is, whose keys it uses, and the way to the network. None of our settings. */
const PASSED = ['PATH', 'HOME', 'USER', 'SSH_AUTH_SOCK', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO'] as const;
const PROXIES = /^(https?|all|no)_proxy$/i;

export function gitEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> {
  const passed = Object.entries(environment).filter(([name]) => PASSED.some((known) => known === name) || PROXIES.test(name));
  return Object.fromEntries(passed.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
