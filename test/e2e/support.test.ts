/** The server and the browser that other tests stand on: they start, answer, and leave nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { runCommand } from '../../scripts/run-command.ts';
import { chromiumMissing, startChromium } from '../support/chromium.ts';
import { postgresMissing, startPostgres } from '../support/postgres.ts';

const noPostgres = await postgresMissing();
const noChromium = await chromiumMissing();

/** What `psql` answers to a query, or undefined when nothing listens. */
async function ask(url: string, query: string): Promise<string | undefined> {
  const { code, stdout } = await runCommand('psql', [url, '--tuples-only', '--no-align', '--command', query]);
  return code === 0 ? stdout.trim() : undefined;
}

test.skipIf(noPostgres)(`a PostgreSQL server answers until it is stopped ${noPostgres ?? ''}`, async () => {
  const server = await startPostgres();
  expect(await ask(server.url, 'select 6 * 7')).toBe('42');
  await server.stop();
  expect(await ask(server.url, 'select 1')).toBeUndefined();
});

test.skipIf(noPostgres)(`a killed test process takes its PostgreSQL server along ${noPostgres ?? ''}`, async () => {
  const module = new URL('../support/postgres.ts', import.meta.url).href;
  const program = `const { startPostgres } = await import('${module}');
    console.log((await startPostgres()).url); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(await ask(url.trim(), 'select 1')).toBe('1');
  child.kill('SIGKILL');
  await expect.poll(() => ask(url.trim(), 'select 1')).toBeUndefined();
});

test.skipIf(noChromium)(`Chromium clicks a button ${noChromium ?? ''}`, async () => {
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    await page.setContent('<button onclick="document.title = 6 * 7">compute</button>');
    await page.click('button');
    expect(await page.title()).toBe('42');
  } finally {
    await browser.close();
  }
});
