// For `node --import`: changes the text of files as they are loaded, as CHAOS_EDITS says. Only the chaos harness sets it.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const edits = JSON.parse(process.env.CHAOS_EDITS ?? '[]');
const byFile = Map.groupBy(edits, (edit) => PROJECT + edit.file);

if (edits.length > 0)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const ofFile = url.startsWith('file:') ? byFile.get(fileURLToPath(url)) : undefined;
      if (ofFile === undefined) return loaded;
      let source = String(loaded.source);
      for (const { file, find, replace } of ofFile) {
        if (source.split(find).length !== 2) throw new Error(`what is to be sabotaged does not stand once in ${file}: ${find}`);
        source = source.replace(find, () => replace);
      }
      return { ...loaded, source };
    },
  });
