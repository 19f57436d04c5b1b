/** Build of the app on 5555: `vite build` here writes ./dist, which the monitor serves. */
import { appViteConfig } from '../../ui-kit/vite-config.ts';

export default appViteConfig({ rootFolder: import.meta.dirname, proxy: { '/api': 'http://127.0.0.1:5555' } });
