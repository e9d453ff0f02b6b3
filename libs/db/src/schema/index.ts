/** Every table, for drizzle. */
export * from './api-tokens.ts';
export * from './artifacts.ts';
export * from './circuit-edges.ts';
export * from './circuits.ts';
export * from './completions.ts';
export * from './data-sets.ts';
export * from './directions.ts';
export * from './experiments.ts';
export * from './model-checks.ts';
export * from './models.ts';
export * from './shards.ts';
export * from './studies.ts';
