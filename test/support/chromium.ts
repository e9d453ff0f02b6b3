/** A real browser for the tests of the pages: Debian's Chromium, driven by playwright-core, without a screen. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { aptInstall } from '../../scripts/apt-install.ts';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Offline on purpose: a browser in a test talks to the page under test and to nobody else. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why there is no browser for tests here, or undefined when there is; installs Debian's package as root. */
export async function chromiumMissing(): Promise<string | undefined> {
  return programs.some((path) => existsSync(path)) ? undefined : aptInstall('chromium');
}

/** Starts a browser with a new, empty profile. Throws when there is none; close it with `browser.close()`. */
export async function startChromium(): Promise<Browser> {
  const missing = await chromiumMissing();
  const executablePath = programs.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(missing ?? 'Chromium is not installed.');
  return chromium.launch({ executablePath, args: flags, headless: true, timeout: 200_000 });
}
