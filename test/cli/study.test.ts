/** `demur study` in full: the list, a report in a folder, what is refused, and going on after Ctrl-C. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ResultJson } from '@demur/interp';
import { studies, type StudyReport } from '@demur/studies';
import { afterAll, describe, expect, it } from 'vitest';
import { refuseOther, type StudyIdentity } from '../../apps/cli/src/study-identity.ts';
import { randomPairs, tinyModel } from '../studies/tiny-study.ts';

const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'demur-study-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = join(folder, 'mine.json');
writeFileSync(data, JSON.stringify(randomPairs(24)));
const [out, mixed] = [join(folder, 'out'), join(folder, 'mixed')];
const engine = ['--backend', 'wasm', '--workers', '1'];
const model = tinyModel('llama_mha');
const asked = ['--model', model, '--data', data, '--out', out, ...engine];

function demur(...args: string[]) {
  return spawnSync(process.execPath, [command, 'study', ...args], { encoding: 'utf8' });
}

const read = <T>(...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as T;

describe('demur study', { timeout: 240_000 }, () => {
  it('lists the studies with what they ask', () => {
    const { status, stdout } = demur();
    expect(status).toBe(0);
    for (const { name, title, question } of Object.values(studies))
      expect(stdout).toContain(`${name}: ${title}\n    ${question}\n`);
  });

  it.each([
    [['nope', '--out', out], `no study is named "nope"; use ${Object.keys(studies).join(', ')}`],
    [['layer-curve'], 'a study needs a folder for its report; give --out DIR'],
    [['layer-curve', '--out', ''], "option '--out <DIR>' argument '' is invalid. give the path of a folder."],
    [['layer-curve', '--seed', '-1'], "option '--seed <n>' argument '-1' is invalid. give a whole number, 0 or more."],
    [['layer-curve', '--out', out, '--model', '/no/model'], 'No model is at /no/model; give the path of'],
    [['layer-curve', ...asked, '--data', 'nope'], 'no data set is named "nope"; use refusal, ioi'],
  ])('refuses in one sentence, and leaves nothing behind: %j', (args, message) => {
    const { status, stderr } = demur(...args);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(existsSync(out)).toBe(false);
  });

  it('stops where there is no refusal to find: a report that says so, and exit code 0', () => {
    const { status, stdout } = demur('layer-curve', ...asked, '--out', mixed);
    expect(status).toBe(0);
    const { stopped, steps } = read<StudyReport>(mixed, 'report.json');
    expect(stopped).toContain('There is no refusal to find');
    expect(stdout.split('\n')).toEqual([
      `${stopped} --even-if-mixed goes on all the same.`,
      `The report is in ${mixed}`,
      '',
    ]);
    expect(steps.map(({ experiment }) => experiment)).toEqual(['steps/contrast']);
    expect(readdirSync(mixed).sort()).toEqual(['report.html', 'report.json', 'steps', 'study.json']);
    expect(readFileSync(join(mixed, 'report.html'), 'utf8')).toContain('There is no refusal to find');
  });

  it('ends at Ctrl-C, and goes on with the steps that it has', async () => {
    const args = ['object-patching', ...asked, '--even-if-mixed'];
    const child = spawn(process.execPath, [command, 'study', ...args]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const closed = once(child, 'close');
    while (!existsSync(join(out, 'steps', 'denoising', 'result.json')) && child.exitCode === null) await sleep(5);
    child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
    expect(stderr).toMatch(/^stopped; \d steps are kept: run the same command to go on\n$/);
    const startOf = (step: string) => read<ResultJson>(out, 'steps', step, 'result.json').record.startedAt;
    const kept = ['contrast', 'denoising'].map(startOf);

    const { status, stdout } = demur(...args);
    expect(status).toBe(0);
    expect(stdout).toContain('What others found on their models, and this one:');
    const report = read<StudyReport>(out, 'report.json');
    expect(report.study).toBe('object-patching');
    expect(report.steps.map(({ name }) => name)).toEqual([
      'contrast',
      ...studies['object-patching'].steps.map(({ name }) => name),
    ]);
    expect(report.steps.slice(0, 2).map(({ record }) => record.startedAt)).toEqual(kept);
    expect(report.dataSet).toMatchObject({ name: 'mine.json', pairs: 24 });
  });

  describe('into the folder of another study', () => {
    const held = `${mixed} holds the study layer-curve of ${model} on mine.json with seed 0`;
    const fix = '; give another folder, --out OTHER, or delete that one';
    const filesOf = () => readdirSync(mixed, { recursive: true, encoding: 'utf8' }).filter((name) => /[.]/.test(name));
    const contents = () => filesOf().map((name) => [name, readFileSync(join(mixed, name), 'base64')]);

    it.each([
      ['another study', 'object-patching', `${held}${fix}`],
      ['other pairs of the same file', 'layer-curve', `${held}, whose weights or pairs were others then${fix}`],
    ])('refuses %s, and loses nothing', (what, name, message) => {
      if (what.startsWith('other pairs')) writeFileSync(data, JSON.stringify(randomPairs(23)));
      const before = contents();
      const { status, stderr } = demur(name, ...asked, '--out', mixed);
      expect([status, stderr.trim()]).toEqual([1, message]);
      expect(contents()).toEqual(before);
    });

    it('refuses another seed and other weights; the same ones by another path are the same', async () => {
      const kept = read<StudyIdentity>(mixed, 'study.json');
      await expect(refuseOther(mixed, { ...kept, seed: 1 })).rejects.toThrow(`${held}${fix}`);
      await expect(refuseOther(mixed, { ...kept, model: 'another', weightsSha256: '' })).rejects.toThrow(
        `${held}${fix}`,
      );
      await refuseOther(mixed, { ...kept, model: `${model}/.` });
    });

    it('refuses also where it cannot be told whose it is', () => {
      writeFileSync(join(mixed, 'study.json'), '{');
      const { status, stderr } = demur('layer-curve', ...asked, '--out', mixed);
      expect(status).toBe(1);
      expect(stderr).toContain(`${join(mixed, 'study.json')} is damaged`);
    });
  });
});
