// Escapes text for machines of CI: XML, and the commands of GitHub Actions.
// Invariant: no text can end an element, a property or a line. Not here: the forms (verdicts.ts, ../views/check/).
// Source: XML 1.0, 2.2; https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Of an element or an attribute. What XML 1.0 cannot hold, escaped or not, is U+FFFD. */
export function xmlText(text: string): string {
  const plain = text.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return plain.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

/** The message of a workflow command. */
export function commandMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of a workflow command. */
export function commandProperty(text: string): string {
  return commandMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
