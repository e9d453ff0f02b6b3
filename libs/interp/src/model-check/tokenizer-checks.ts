/** Checks of a tokenizer and its chat template: what every prompt goes through before the engine sees it. */
import { ChatTemplateFailedError, type ModelConfig, type Tokenizer } from '@demur/model';
import { checkResult, skipped, type CheckResult } from './checks.ts';

const TEXTS = [
  'The capital of France is Paris.',
  '  two spaces, a tab\there,\nand a new line',
  'Zażółć gęślą jaźń, naïve café, 你好世界, 🙂',
  'x = [1, 22, 333]; print(f"{x!r}")',
];

const CHAT = [{ role: 'user', content: 'How do I bake a pie?' }];

export function tokenizerChecks(config: ModelConfig, tokenizer: Tokenizer | null): CheckResult[] {
  if (tokenizer === null) {
    const reason = 'the model has no tokenizer';
    return [skipped('tokenizer', reason), skipped('chat-template', reason)];
  }
  return [stability(config, tokenizer), template(config, tokenizer)];
}

/** Tokens that change when their text is encoded again, and ids that the embedding has no row for. */
function stability({ dVocab }: ModelConfig, tokenizer: Tokenizer): CheckResult {
  const measures = TEXTS.map((text) => {
    const ids = tokenizer.encode(text);
    const again = tokenizer.encode(tokenizer.decode(ids));
    const changed = Math.abs(ids.length - again.length) + ids.filter((id, at) => id !== again[at]).length;
    const outside = ids.filter((id) => id < 0 || id >= dVocab).length;
    return { part: JSON.stringify(text), difference: changed + outside, scale: ids.length };
  });
  if (tokenizer.vocabSize > dVocab)
    measures.push({ part: `${tokenizer.vocabSize} tokens for ${dVocab} embeddings`, difference: 1, scale: 1 });
  return checkResult('tokenizer', measures);
}

/** A chat as it is run: rendered, then encoded without adding anything. */
function template(config: ModelConfig, tokenizer: Tokenizer): CheckResult {
  if (tokenizer.chatTemplate === null) return skipped('chat-template', 'the model has no chat template');
  try {
    const ids = tokenizer.encode(tokenizer.applyChatTemplate(CHAT, { addGenerationPrompt: true }));
    const starts = leadingStarts(ids, tokenizer);
    const outside = ids.filter((id) => id < 0 || id >= config.dVocab).length;
    const wrong = starts > 1 || (starts === 0 && addsStart(tokenizer)) ? 1 : 0;
    return checkResult('chat-template', [
      { part: `${starts} beginning-of-sequence tokens at the start`, difference: wrong, scale: 1 },
      { part: `${outside} tokens outside the vocabulary`, difference: outside, scale: 1 },
    ]);
  } catch (error) {
    if (!(error instanceof ChatTemplateFailedError)) throw error;
    return { ...checkResult('chat-template', [{ part: '', difference: 1, scale: 1 }]), detail: error.message };
  }
}

/** Beginning-of-sequence tokens that the ids begin with; later ones may be marks of turns. */
function leadingStarts(ids: readonly number[], { bosTokenId }: Tokenizer): number {
  const end = ids.findIndex((id) => id !== bosTokenId);
  return end < 0 ? ids.length : end;
}

/** Whether plain text is given a beginning-of-sequence token: then a chat needs one as well. */
function addsStart(tokenizer: Tokenizer): boolean {
  return leadingStarts(tokenizer.encode('a', { addSpecialTokens: true }), tokenizer) > 0;
}
