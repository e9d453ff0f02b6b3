/** Greetings of TensorFlow and Dawn, and of Node about tfjs-node's old calls, on stderr; no setting turns them off. */
const greetings = [
  'All log messages before absl::InitializeLog() is called are written to STDERR',
  'oneDNN custom operations are on',
  'This TensorFlow binary is optimized to use available CPU instructions',
  'To enable the following instructions',
  '[DEP0044] DeprecationWarning',
  '(Use `node --trace-deprecation',
  'BuffersPerPipelineLayout artificially reduced',
];

/** Whether a line that a process with a backend wrote to stderr says nothing: for whoever passes its lines on. */
export function isLibraryNoise(line: string): boolean {
  return greetings.some((greeting) => line.includes(greeting));
}
