// What is used of puppeteer-core. Its own types bring those of the DOM, which are not Deno's.

/** Starts a browser. */
export function launch(options: {
  readonly executablePath: string;
  readonly headless: boolean;
  readonly args: readonly string[];
  readonly protocolTimeout: number;
}): Promise<Browser>;

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  close(): Promise<void>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  waitForFunction(expression: string, options?: { readonly timeout: number }): Promise<unknown>;
  waitForSelector(selector: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  $(selector: string): Promise<ElementHandle | null>;
  setOfflineMode(offline: boolean): Promise<void>;
  setViewport(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMediaFeatures(features: readonly { name: string; value: string }[]): Promise<void>;
  on(event: "pageerror", listener: (error: unknown) => void): void;
  screenshot(options: { readonly path: `${string}.png` }): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void> };
}

export interface ElementHandle {
  uploadFile(path: string): Promise<void>;
}
