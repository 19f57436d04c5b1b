/** The Vite settings both apps share; each app's vite.config.ts names its folder and its development server. */
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';

export interface AppBuild {
  /** Absolute folder of index.html; the build goes to `dist` beside it. */
  readonly rootFolder: string;
  /** Where `vite dev` sends what is not a page: path prefix -> origin. */
  readonly proxy: Readonly<Record<string, string>>;
}

/** Makes a config. Nothing is inlined as data: URLs, since the pages' policy is default-src 'self'. */
export function appViteConfig({ rootFolder, proxy }: AppBuild): UserConfig {
  return {
    root: rootFolder,
    plugins: [react(), tailwindcss()],
    server: { proxy: { ...proxy } },
    build: {
      outDir: 'dist',
      emptyOutDir: true,
      target: ['chrome123', 'firefox120', 'safari17.5'],
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2_000,
      reportCompressedSize: false,
    },
  };
}
