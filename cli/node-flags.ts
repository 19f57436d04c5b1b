/**
 * Flags of Node for our long-lived processes. Node sizes its young generation for machines that do nothing else: 64 MB
 * for each process, filled once and never given back, which is most of what an idle process of ours holds
 * (`npm run bench -- footprint` prints what is left). It can only be set when a process starts.
 */
export const ROLE_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];
