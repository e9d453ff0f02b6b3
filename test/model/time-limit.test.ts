/** The limit on a tokenizer's time: for work without end, and not for work that waited for the machine. */
import { expect, it } from 'vitest';
import { withTimeLimit } from '../../libs/model/src/tokenizer/time-limit.ts';

it('ends work that runs for ever', () => {
  const work = (): never => {
    for (;;);
  };
  expect(() => withTimeLimit(100, work)).toThrow('it takes more than 0.1 s');
});

it('begins again what had no time on the processor, with more of it', () => {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  let begun = 0;
  const work = (): number => {
    begun++;
    for (const end = Date.now() + (begun === 1 ? 400 : 0); Date.now() < end;) Atomics.wait(clock, 0, 0, 10);
    return begun;
  };
  expect(withTimeLimit(100, work)).toBe(2);
});

it('hands on what work throws', () => {
  const work = (): never => {
    throw new TypeError('no such word');
  };
  expect(() => withTimeLimit(100, work)).toThrow(TypeError);
});
