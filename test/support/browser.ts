/** A headless Chromium of the system for one test file. Every error a page reports is kept. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findOnPath } from '#platform/config/find-on-path.ts';

/** Without these Chromium asks for its updates, which a machine without internet answers slowly. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface TestBrowser {
  /** A fresh profile. `errors` fills with what its pages report. */
  newPage(options?: {
    readonly colorScheme?: 'light' | 'dark';
  }): Promise<{ readonly page: Page; readonly context: BrowserContext; readonly errors: readonly string[] }>;
  close(): Promise<void>;
}

/** Throws with what to install when there is no Chromium (npm test's own set-up installs it). */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = findOnPath(['chromium', 'chromium-browser', 'google-chrome']);
  if (executablePath === undefined) throw new Error('These tests need Chromium. Install it with: apt-get install chromium');
  const browser: Browser = await chromium.launch({ executablePath, args: FLAGS });
  return {
    async newPage({ colorScheme = 'light' } = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => {
        // Before the login the session is asked for and refused: that answer is not an error.
        if (message.type() === 'error' && !/status of 401/.test(message.text())) errors.push(message.text());
      });
      return { page, context, errors };
    },
    close: () => browser.close(),
  };
}
