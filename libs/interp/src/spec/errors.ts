/** Refusals of a spec. Each names the place, the value and the fix. */
import { DemurError } from '@demur/model';

/** One thing wrong in a spec. */
export interface SpecIssue {
  /** Path in the document, such as `pairs[3].answer`; empty for the document itself. */
  path: string;
  /** The value and the fix. */
  message: string;
}

/** The spec does not describe an experiment. The message tells the first issue; `issues` has them all. */
export class SpecError extends DemurError {
  readonly issues: SpecIssue[];

  constructor(issues: SpecIssue[]) {
    const first = issues[0] ?? { path: '', message: 'not an experiment' };
    super('INVALID_SPEC', first.message, first.path === '' ? {} : { path: first.path });
    this.issues = issues;
  }
}
