/** Build of the app on 8080: `vite build` here writes ./dist, which the web server serves. */
import { appViteConfig } from '../../ui-kit/vite-config.ts';

export default appViteConfig({
  rootFolder: import.meta.dirname,
  proxy: { '/ui/api': 'http://127.0.0.1:8080', '/api': 'http://127.0.0.1:8080', '/auth': 'http://127.0.0.1:8080' },
});
