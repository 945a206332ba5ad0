import { end, start } from "./_clip_vocabulary.ts";

// CLIP's own vocabulary, for files of weights that come without one: all models of Stable Diffusion 1, 2
// and XL read it.

/** What `vocab.json` and `merges.txt` of CLIP hold. */
export interface StandardVocabulary {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: string;
}

let loading: Promise<StandardVocabulary> | undefined;

/** Unpacks the vocabulary, once. */
export function standardVocabulary(): Promise<StandardVocabulary> {
  return loading ??= unpack();
}

async function unpack(): Promise<StandardVocabulary> {
  const { clipMergesData } = await import("./_clip_merges_data.ts");
  const packed = Uint8Array.from(atob(clipMergesData), (sign) => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const merges = await new Response(stream).text();
  const symbols = byteSymbols();
  const tokens = [
    ...symbols,
    ...symbols.map((symbol) => `${symbol}</w>`),
    ...merges.split("\n").map((pair) => pair.replace(" ", "")),
    start,
    end,
  ];
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
}

/** The sign that stands for each byte: itself where it is printable, else one from U+0100 on. */
function byteSymbols(): string[] {
  const isPrintable = (byte: number) =>
    byte >= 0x21 && byte <= 0x7e || byte >= 0xa1 && byte <= 0xac || byte >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const others = bytes.filter((byte) => !isPrintable(byte));
  const signs = [...bytes.filter(isPrintable), ...others.map((_, i) => 256 + i)];
  return signs.map((sign) => String.fromCharCode(sign));
}
