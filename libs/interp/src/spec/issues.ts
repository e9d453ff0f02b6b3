/** From zod's issues to ours: one path and one sentence each. Of a union's branches the one that fits best speaks. */
import type { z } from 'zod';
import type { SpecIssue } from './errors.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `['pairs', 3, 'answer']` as `pairs[3].answer`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** Every issue below `at`, in the order of the document's fields. */
export function specIssues(issues: Issue[], at: Path = []): SpecIssue[] {
  return issues.flatMap((issue) => issuesOf(issue, [...at, ...issue.path]));
}

function issuesOf(issue: Issue, path: Path): SpecIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pathText([...path, key]), message: issue.message }));
  const branch = issue.code === 'invalid_union' ? bestBranch(issue.errors) : undefined;
  return branch === undefined ? [{ path: pathText(path), message: issue.message }] : specIssues(branch, path);
}

/** The branch whose shallowest issue lies deepest, since it took the value furthest; none where two are as good. */
function bestBranch(branches: Issue[][]): Issue[] | undefined {
  const depths = branches.map((branch) => Math.min(...branch.map((issue) => issue.path.length)));
  const deepest = Math.max(...depths);
  const best = branches.filter((_, at) => depths[at] === deepest);
  return best.length === 1 ? best[0] : undefined;
}
