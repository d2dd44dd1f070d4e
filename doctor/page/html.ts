/** A piece of a page that is HTML already. Anything else that comes into one is text and is escaped. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** What may stand in a piece: text, numbers, pieces, lists of them, or nothing. */
export type Content = string | number | Html | undefined | readonly Content[];

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands between tags and in quoted attributes. */
export function escape(text: string): string {
  // what no HTML page may hold, and what would turn the direction of the text around it
  const plain = text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (one) => (/[\n\t]/.test(one) ? one : "\ufffd"));
  return plain.replace(/[&<>"']/g, (one) => escapes[one] ?? one);
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return (content as readonly Content[]).map(textOf).join("");
  return escape(String(content));
}

/** Makes a piece of a template: html`<p>${text}</p>`. Attributes have to be quoted. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, index) => part + textOf(contents[index])).join(""));
}
