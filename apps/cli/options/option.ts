/** One option. Its flag is the key in kebab case. */
export interface Option {
  readonly group: Group;
  readonly kind: "text" | "integer" | "number" | "choice" | "list" | "switch";
  /** What the help calls the value. */
  readonly value?: string;
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly choices?: readonly string[];
  /** Other words for a choice. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly min?: number;
  readonly max?: number;
  readonly help: string;
  /** The default, for the help. */
  readonly standard?: string;
}

/** The headings of the help. */
export type Group =
  | "Prompt"
  | "Model"
  | "Picture"
  | "Sampling"
  | "Guidance"
  | "Starting from a picture"
  | "Output"
  | "Watching"
  | "Plan"
  | "Bayes"
  | "Lists"
  | "Other";
