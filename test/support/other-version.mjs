/**
 * Loaded before a program with --import, this makes it another version of itself: texts in its sources are replaced while
 * they are loaded. TEST_OTHER_VERSION is JSON: {"platform/broker/payload.ts": [["const VERSION = 1", "const VERSION = 2"]]}.
 */
import { registerHooks } from 'node:module';

const changes = Object.entries(JSON.parse(process.env.TEST_OTHER_VERSION ?? '{}'));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const found = changes.find(([file]) => url.split('?')[0].endsWith(`/${file}`));
    if (found === undefined) return loaded;
    let text = loaded.source.toString();
    for (const [from, to] of found[1]) {
      if (!text.includes(from)) throw new Error(`${found[0]} does not hold ${JSON.stringify(from)}: this test is out of date`);
      text = text.replaceAll(from, to);
    }
    return { ...loaded, source: text };
  },
});
