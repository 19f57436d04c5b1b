/** The other end of `raw/ipc.ts`: says what it hears. */
process.on('message', (message) => process.send?.(message));
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
