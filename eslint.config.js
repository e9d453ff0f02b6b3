/**
 * The rules of the source: typed linting, short functions, and the direction of imports between the projects.
 * Run it with `npm run lint`: the rule on imports needs Nx's graph, and finds nothing without it.
 */
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Which projects each one may import; nothing imports an app, and the pages know the server by GraphQL alone. */
const directions = {
  model: ['model'],
  db: ['db'],
  charts: ['charts'],
  interp: ['interp', 'model'],
  studies: ['studies', 'charts', 'interp', 'model'],
  train: ['train', 'interp', 'model'],
  api: ['api', 'db', 'interp', 'model', 'studies'],
  cli: ['cli', 'db', 'interp', 'model', 'studies'],
  ui: ['ui', 'charts'],
  scripts: ['scripts', 'db', 'interp', 'model', 'studies', 'train'],
  test: ['test', 'scripts', 'charts', 'db', 'interp', 'model', 'studies', 'train'],
};

const boundaries = {
  enforceBuildableLibDependency: false,
  depConstraints: Object.entries(directions).map(([from, to]) => ({
    sourceTag: `scope:${from}`,
    onlyDependOnLibsWithTags: to.map((name) => `scope:${name}`),
  })),
};

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/.next/',
      '**/next-env.d.ts',
      'apps/ui/graphql/',
      'libs/db/drizzle/',
      '.cache/',
      '.nx/',
      '**/out/',
    ],
  },
  js.configs.recommended,
  { files: ['**/*.{ts,tsx}'], extends: [tseslint.configs.recommendedTypeChecked] },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'off', // tfjs returns ranks by its type arguments: casts are its idiom
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off', // graphql's Kind is an object of strings to its users
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/unbound-method': 'off', // our interfaces write functions in method style, without a `this`
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['**/*.{ts,tsx,js}'],
    plugins: { '@nx': nx },
    rules: { '@nx/enforce-module-boundaries': ['error', boundaries] },
  },
  {
    // Tests look inside: they reach any file by its path, and a `describe` is as long as its cases.
    files: ['test/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': ['error', { ...boundaries, allow: [String.raw`^(\.\./)+(apps|libs|scripts)/`] }],
      'max-lines-per-function': 'off',
    },
  },
);
