import { summariseHeadScan } from '../head-scan/summarise.ts';
import { layersOf } from '../direction/layers.ts';
import { layerIssues } from '../spec/fit-issues.ts';
import type { Kind } from './kind.ts';

export const headScan: Kind<'head-scan'> = {
  issues({ options }, { config }) {
    const { layers, top } = options;
    const issues = layerIssues(layers, 'options.layers', config);
    const heads = layersOf(options, config).length * config.nHeads;
    const tooMany = `${top} is more than the ${heads} heads of these layers`;
    return top !== undefined && top > heads ? [...issues, { path: 'options.top', message: tooMany }] : issues;
  },
  // Which heads are checked is known once all pairs are; what is put in their place, and added, is a mean over all pairs.
  rounds({ options: { validate } }) {
    if (validate.length === 0) return ['scan'];
    return validate.some((check) => check !== 'patch') ? ['scan', 'average', 'validate'] : ['scan', 'validate'];
  },
  mergeRule(name) {
    if (name.startsWith('average.')) return 'sum';
    if (name === 'validate.direction') return 'mean';
    return 'lastAxis';
  },
  summarise: (spec, arrays, context) => summariseHeadScan(spec, arrays, context),
};
