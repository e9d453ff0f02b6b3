import { hookMistake } from '../spec/hook-mistake.ts';
import type { Kind } from './kind.ts';

export const activations: Kind<'activations'> = {
  issues: ({ options: { names, gradients } }, { config }) =>
    names.flatMap((name, at) => {
      const message = hookMistake(name, gradients, config);
      return message === undefined ? [] : [{ path: `options.names[${at}]`, message }];
    }),
  mergeRule: () => 'firstAxis',
};
