/**
 * Flags of Node for our long-lived processes. Node sizes its young generation for machines that do nothing else: 64 MB
 * for each process, filled once and never given back. A quarter of it costs no speed that can be measured and saves two
 * thirds of what an idle Windlass holds (`npm run bench -- footprint`). It can only be set when a process starts.
 */
export const ROLE_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];
