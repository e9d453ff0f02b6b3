/** The experiments of the replication, in order. Those that a model gives no reason for are left out. */
export const steps = [
  { name: 'residual-patching', title: 'The residual stream by layer and position' },
  { name: 'attention-patching', title: 'What attention adds, one layer at a time' },
  { name: 'mlp-patching', title: 'What the MLP adds, one layer at a time' },
  { name: 'up-to-patching', title: 'What attention and what the MLPs add, at all layers up to one' },
  { name: 'head-scan', title: 'Every head alone, and those over the threshold together' },
  { name: 'heads-direction', title: 'What the chosen heads add, as a vector' },
  { name: 'difference-direction', title: 'The difference of means, as a vector' },
  { name: 'heads-induce', title: 'Harmless prompts with what the heads add' },
  { name: 'heads-inhibit', title: 'Harmful prompts without what the heads add' },
  { name: 'heads-ablate', title: 'Harmful prompts with the heads’ direction projected out' },
  { name: 'difference-induce', title: 'Harmless prompts with the difference vector' },
  { name: 'difference-inhibit', title: 'Harmful prompts without the difference vector' },
  { name: 'difference-ablate', title: 'Harmful prompts with the difference’s direction projected out' },
  { name: 'heads-induce-examples', title: 'Completions of harmless prompts, steered with the heads' },
  { name: 'heads-inhibit-examples', title: 'Completions of harmful prompts, steered with the heads' },
  { name: 'difference-induce-examples', title: 'Completions of harmless prompts, steered with the difference vector' },
  { name: 'difference-inhibit-examples', title: 'Completions of harmful prompts, steered with the difference vector' },
] as const;

export type StepName = (typeof steps)[number]['name'];
