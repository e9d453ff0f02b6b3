/** `demur doctor`: what runs on this machine and why. Looks, and changes nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { probeBackends, type BackendProbe } from '@demur/model';

/** One line of the report. A missing engine is a mistake; a missing database server or browser is only worth knowing. */
interface Finding {
  name: string;
  text: string;
}

/** Prints the report to stdout; returns the exit code: 0 when some backend works, else 1. */
export async function doctor(): Promise<number> {
  print({ name: 'node', text: `${process.version} on ${process.platform}-${process.arch}` });
  print({
    name: 'machine',
    text: `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
  });
  const probes = await probeBackends();
  for (const probe of probes) print({ name: probe.name, text: describe(probe) });
  print({ name: 'auto', text: choice(probes) });
  for (const finding of [cache(), postgres(), chromium()]) print(finding);
  return probes.some((probe) => probe.works) ? 0 : 1;
}

function print({ name, text }: Finding): void {
  console.log(`${name.padEnd(12)}${text}`);
}

function describe(probe: BackendProbe): string {
  if (!probe.works) return `does not work. ${probe.reason}`;
  const speed = `${probe.gflops.toFixed(0)} GFLOP/s in a 512 x 512 product`;
  return `works: ${probe.describe}, ${speed}, opened in ${probe.seconds.toFixed(1)} s`;
}

/** As `openBackend` chooses: the first that works, but no GPU in software. */
function choice(probes: BackendProbe[]): string {
  const best = probes.find((probe) => probe.works && !probe.software);
  if (best === undefined) return 'no backend works: run `npm ci`, then `npm run setup`.';
  const passedOver = probes.slice(0, probes.indexOf(best));
  if (passedOver.length === 0) return `takes ${best.name}, the fastest.`;
  return `takes ${best.name}, because ${passedOver.map(flaw).join(' and ')}.`;
}

function flaw({ name, works }: BackendProbe): string {
  return works ? `${name} has no GPU` : `${name} does not work`;
}

/** Fetched and built once, shared with `npm run setup`. */
function cache(): Finding {
  const folder = resolve(process.env['DEMUR_CACHE'] ?? join(import.meta.dirname, '..', '..', '..', '.cache'));
  const kept = existsSync(folder) ? readdirSync(folder).join(', ') : 'not there yet';
  return { name: 'cache', text: `${folder} (${kept})` };
}

function postgres(): Finding {
  const url = process.env['DATABASE_URL'];
  if (url !== undefined) return { name: 'database', text: `PostgreSQL, by DATABASE_URL (host ${host(url)})` };
  const servers = '/usr/lib/postgresql';
  const installed = existsSync(servers) ? readdirSync(servers).join(', ') : 'none';
  return {
    name: 'database',
    text: `embedded (no DATABASE_URL); PostgreSQL servers installed, for tests: ${installed}`,
  };
}

/** Only the host: a URL of a database carries its password. */
function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'unreadable: expected postgres://user:password@host:port/name';
}

function chromium(): Finding {
  const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return { name: 'chromium', text: `${paths.find((path) => existsSync(path)) ?? 'none'}, for tests of the pages` };
}
