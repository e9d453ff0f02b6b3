/** A token's string made visible: spaces, line ends and tabs become signs that can be seen and counted. */

const signs: Record<string, string> = { ' ': '␣', '\n': '⏎', '\r': '␍', '\t': '⇥' };

/** A leading space is the rule, not the exception, so it is dimmed to `·`; a token of nothing else keeps the clear sign. */
export function visibleToken(token: string): string {
  if (token === '') return '∅';
  const body = token.startsWith(' ') && token.trim() !== '' ? `·${token.slice(1)}` : token;
  return body.replace(/[ \n\r\t]/g, (char) => signs[char] ?? char);
}
